// SPDX-License-Identifier: BSD-3-Clause
//
// Two requests by Node's http over a UNIX socket and one kept connection: GET /v1/version, then, once
// FILE exists, METHOD PATH with BODY. In between Node's loop is busy: it sees nothing of the socket.
// http_node.js SOCKET FILE METHOD PATH BODY
const fs = require('fs');
const http = require('http');
const [socketPath, file, method, path, body] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(how, where, text, done) {
  const headers = { Host: 'edge', 'Content-Type': 'application/json' };
  const request = http.request({ socketPath, agent, method: how, path: where, headers }, (answer) => {
    answer.resume();
    answer.on('end', () => done(`${answer.statusCode} reused ${request.reusedSocket}`));
  });
  request.on('error', (error) => done(`${error.code} reused ${request.reusedSocket}`));
  request.end(text);
}

function busyUntilThere() {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (!fs.existsSync(file)) Atomics.wait(pause, 0, 0, 10);
}

call('GET', '/v1/version', undefined, (first) => {
  fs.writeSync(1, `${first}\n`);
  setTimeout(() => {
    busyUntilThere();
    call(method, path, body, (second) => { fs.writeSync(1, `${second}\n`); process.exit(0); });
  }, 0);
});
