# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-3-Clause
# Sourced by run.sh: manual pages say by example what they are about, and render without a warning.

# Prints the blocks of section EXAMPLES of a page's source, each behind a byte that is in none.
example_blocks() {
	awk '/^# / { on = $0 == "# EXAMPLES" } on && /^```/ { open = !open; if (open) printf "\036"; next }
		on && open' "$1"
}

check_manual_pages() {
	local page name block

	for page in "$SALLYPORT_BUILD"/docs/*.[1578]; do
		name=$(basename "$page")
		grep -q '^\.SH EXAMPLES' "$page"
		result $? "$name: has EXAMPLES"
		MANWIDTH=80 man --warnings -l "$page" 2>"$scratch/said" >"$scratch/page" && [ ! -s "$scratch/said" ] &&
			grep -q EXAMPLES "$scratch/page"
		result $? "$name: man finds nothing wrong" "$scratch/said"
		if command -v mandoc >/dev/null; then
			# scdoc writes paragraphs where a list or section begins one.
			! mandoc -T lint -W warning "$page" 2>&1 | grep -v 'skipping paragraph macro' >"$scratch/said"
			result $? "$name: mandoc finds nothing wrong" "$scratch/said"
		else
			echo "# skipped: mandoc is not installed"
		fi
	done
	while IFS= read -r -d $'\036' block; do
		[ -n "$block" ] || continue
		echo "$block" >"$scratch/example.conf"
		"$SALLYPORT_BUILD/control/sallyportd" --check "$scratch/example.conf" >"$scratch/said" 2>&1
		result $? "sallyport.conf.5: example is accepted: ${block%%$'\n'*}" "$scratch/said"
	done < <(example_blocks "$SALLYPORT_BUILD/docs/sallyport.conf.5.scd"; printf '\036')
}
