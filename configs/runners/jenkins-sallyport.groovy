// SPDX-License-Identifier: BSD-3-Clause
//
// A step of a Jenkins shared library: vars/sallyport.groovy. On an agent that is a VM of builds,
//
//     node('vm') { sallyport { sh 'make test' } }
//
// lets people in while the steps run, and until the countdown after them. What is done is all in
// sallyport-job; an agent that cannot run it does not fail the build.

def call(Closure body) {
    tell('/usr/local/bin/sallyport-job start "$BUILD_TAG-$STAGE_NAME" "$JOB_NAME#$BUILD_NUMBER"')
    try {
        body()
    } finally {
        tell('/usr/local/bin/sallyport-job finish "$BUILD_TAG-$STAGE_NAME"')
    }
}

def tell(String command) {
    try {
        sh(label: 'sallyport', returnStatus: true, script: command)
    } catch (hudson.AbortException gone) {
        echo("sallyport: no ssh for this job: ${gone.message} The job goes on.")
    }
}
