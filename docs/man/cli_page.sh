#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Writes sallyport(1) as scdoc from the program's own help: cli_page.sh PROGRAM
set -eu
program=$1

# Text as scdoc takes it literally.
literal() {
	sed -e 's/\\/\\\\/g' -e 's/[_*]/\\&/g'
}

# The lines of a section of the help: those that are indented below "NAME:".
section() {
	awk -v name="$1:" '$0 == name { on = 1; next } on && !/^  / { exit } on'
}

# Command lines, each with what it does in the line behind it.
examples() {
	"$program" help "$1" | section examples | while IFS= read -r line && IFS= read -r does; do
		printf '%s:\n\n```\n%s\n```\n\n' "$(sed 's/^ *\(.\)/\u\1/' <<<"$does" | literal)" \
			"${line#  }"
	done
}

# Lines of nothing but help, joined to the line before.
joined() {
	awk '/^   / { sub(/^ +/, ""); line = line "; " $0; next } NR > 1 { print line } { line = $0 } END { print line }'
}

# "  left  help" as a definition.
definitions() {
	joined | sed -e 's/^  //' | while IFS= read -r line; do
		left=$(sed 's/   *.*//' <<<"$line" | literal)
		right=$(sed -n 's/^.\{1,\}   *\([^ ].*\)$/\1/p' <<<"$line" | literal)
		printf '*%s*\n\t%s\n\n' "$left" "${right:-.}"
	done
}

verbs() {
	"$program" --help | section verbs | awk '{ print $1 }'
}

cat <<'PAGE'
sallyport(1)

; SPDX-License-Identifier: BSD-3-Clause

# NAME

sallyport - open, show and close ways in to build VMs

# SYNOPSIS

*sallyport* [_OPTION_]... _VERB_ [_ARGUMENT_] [_OPTION_]...

# DESCRIPTION

sallyport talks to *sallyportd*(8) over its UNIX socket. It is what operators and scripts use; it can
do nothing that the API cannot, but for *trace*, which reads the table itself, *doctor*, which looks at
the host, and *support-bundle*, which does both: as root, on the edge, whether or not the daemon runs.
A _TIME_ is like 90 (seconds), 30m or 1h30m, a _TIMESTAMP_ like 2026-12-01T18:00:00Z (RFC 3339). Verbs and long options may be cut to what tells them from the
others; letters may have their value attached (*-ojson*).

Times are printed in local time with its distance from UTC; in JSON they are UTC always. *list* leaves out
builds that have ended unless *--all* or *--state* says otherwise; its JSON has all. Tables are cut to the
width of the terminal, or of *COLUMNS*. *doctor* and *support-bundle* ask the daemon of the configuration
that they are given, unless a socket is named.

What goes wrong is told on stderr, and stdout has answers alone. With *-o json* an error is one JSON object
in a line: a problem as the daemon's API describes it, or *title* and *detail* alone; and always *kind*
and *exit*, of the table below. Verbs that take several _ID_ do for each what they can; an error then names
its build (*build* in JSON), and the exit status is the highest there was.

# COMMON OPTIONS

PAGE
"$program" --help | section options | definitions
printf '# VERBS\n\n'
for verb in $(verbs); do
	help=$("$program" "$verb" --help)
	printf '## %s\n\n' "$(sed -n '1s/^usage: //p' <<<"$help" | literal)"
	printf '%s.\n\n' "$(sed -n 2p <<<"$help" | literal)"
	"$program" "$verb" --help | section options |
		grep -vxFf <("$program" --help | section options) | definitions
done
cat <<'PAGE'
# SUPPORT BUNDLES

*support-bundle* writes what helps others to help, as one archive that only its owner may read:
_sallyport-support-EDGE-TIME.tar.gz_ in the current directory, _FILE_, or stdout. What cannot be had is
missing: its file _MANIFEST_ and stderr say what, and why. A file that is there already is not touched.

Secrets are left out, so nobody needs to read it before it is sent. Of JSON, only members known to be
harmless pass, of logs only words and fields known to be. Titles, users, actors, organisations, host
keys, fingerprints and the arguments for DPDK do not, nor does what hooks print. Addresses other than
the edge's own and those in *builds.networks* are renamed, the same one alike in all files;
*--with-addresses* keeps them. Ids of builds, and names of forwards, pools and interfaces, are kept.

# CAPTURES

*capture* writes pcapng, for *tcpdump*(8), *tshark*(1) and *wireshark*(1), until its time is over, it has
as many packets as *--packets* says, the build is gone, or SIGINT, SIGTERM or SIGHUP arrives: what is
in the file then is whole, and the exit status is 0. At its end it says how many packets it holds and
how many are lost, since nobody waits for a slow reader.

A packet's comment (_frame.comment_ of tshark) says what became of it: _node INDEX, FORWARD: VERDICT: …_,
see *sallyport-verdicts*(7). The one after a gap has a second comment, _N packets lost before this one_,
and N as its drop count (_frame.drop\_count_); if others captured at the time, _M to N packets_. The
statistics of the two interfaces, at the end, have the sums; editors of Wireshark leave them out.

# ENVIRONMENT

*SALLYPORT\_SOCKET*
	The daemon's socket, where *--socket* is not given.

*COLUMNS*
	How wide tables may be, where that is not the terminal's width.

*TZ*
	The time zone, see *tzset*(3).

# EXIT STATUS

PAGE
"$program" --help | section 'exit status' | definitions
printf '# EXAMPLES\n\n'
for verb in $(verbs); do
	examples "$verb"
done
cat <<'PAGE'

# SEE ALSO

*sallyport.conf*(5), *sallyport-verdicts*(7), *sallyportd*(8), *sallyport-dp*(8)
PAGE
