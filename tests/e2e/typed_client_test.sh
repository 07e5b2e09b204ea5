#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The whole life of a build through a client that docs/typescript_client.py makes of the document sallyportd serves:
# it compiles with --strict and without a cast, and what it narrows by type and status is what is answered.
LAB_ENGINE=xdp
TEST_TIMEOUT=${TEST_TIMEOUT:-120}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

here=$(cd "$(dirname "$0")" && pwd)

compile() {
	tsc -p "$LAB_DIR/typed" >"$LAB_DIR/typed/said" 2>&1
}

need_programs
lab_begin 0
control_start
mkdir "$LAB_DIR/typed"
cp "$here/typed_client.ts" "$here/typed_client_node.d.ts" "$LAB_DIR/typed"
curl -sS --fail --unix-socket "$LAB_SOCKET" http://edge/v1/openapi.json |
	python3 "$here/../../docs/typescript_client.py" >"$LAB_DIR/typed/sallyport.ts" || fail "no client is made"
cat >"$LAB_DIR/typed/tsconfig.json" <<-'EOT'
	{ "compilerOptions": { "strict": true, "noImplicitAny": true, "noUnusedLocals": true, "types": [],
	                       "target": "es2020", "lib": ["es2020"], "module": "commonjs" } }
EOT
# Comments apart, nothing is a cast or of any type.
casts=$(sed 's|/\*.*\*/||; s|//.*||' "$LAB_DIR"/typed/*.ts | grep -nwE 'any|as|ts-ignore' || :)
assert_eq "" "$casts" "casts"
compile || fail "it does not compile: $(head -n 5 "$LAB_DIR/typed/said")"
ok "the client and its use compile with --strict, without a cast"

said=$(node "$LAB_DIR/typed/typed_client.js" "$LAB_SOCKET" 2>&1) || fail "$said"
assert_eq ok "$said" "what the client says"
ok "enable, list, show, events, finish, extend and cancel, each answer told by status and type"

# The types are of use: a member of another event, and one that is not there, do not compile.
sed -i 's|return line.reason;|return line.remaining_s;|' "$LAB_DIR/typed/typed_client.ts"
! compile || fail "a member of another event compiles"
assert_match "'remaining_s' does not exist on type 'EndLine'" "$LAB_DIR/typed/said" "what the compiler says"
ok "a member of another type of event does not compile"
daemon_stop control
