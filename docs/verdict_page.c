/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the reference of verdicts from the one list: as a manual page, or as Markdown. */
#include <stdio.h>

#include <sallyport/verdict.h>

#include "page.h"

struct row {
	const char *name;
	enum sp_fate fate;
	const char *help;
};

static const struct row rows[] = {
#define X(NAME, name, fate, help) {#name, SP_FATE_##fate, help},
	SP_VERDICT_LIST(X)
#undef X
};

struct section {
	enum sp_fate fate;
	const char *title;
	const char *text;
};

static const struct section sections[] = {
	{SP_FATE_CARRY, "carried", "The packet was translated, or steered to what translates it."},
	{SP_FATE_ANSWER, "answered", "The packet was turned into an answer to its sender."},
	{SP_FATE_DROP, "dropped", "The packet went nowhere."},
	{SP_FATE_PASS, "passed to the kernel",
	 "The kernel got the packet as it came, as if sallyport were not there."},
};

static void print_manual_row(const struct row *row)
{
	/* scdoc takes an underscore for underlining */
	for (const char *c = row->name; *c; c++)
		printf(*c == '_' ? "\\_" : "%c", *c);
	printf("\n\t%s\n\n", row->help);
}

static void print_manual(void)
{
	printf("sallyport-verdicts(7)\n\n# NAME\n\nsallyport-verdicts - what can become of a "
	       "packet\n\n"
	       "# DESCRIPTION\n\nBoth engines count each packet under one of these names. They are "
	       "the "
	       "names in *sallyport status* and in the metrics.\n\n");
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++) {
		printf("# %s\n\n%s\n\n", sections[s].title, sections[s].text);
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			if (rows[r].fate == sections[s].fate)
				print_manual_row(&rows[r]);
		}
	}
	printf("# EXAMPLES\n\nWhich of these are counted now:\n\n```\nsallyport status\n```\n\n"
	       "What becomes of one packet, and why:\n\n```\nsallyport trace --from "
	       "203.0.113.9:40000 --to 192.0.2.1:64784\n```\n\n");
	printf("# SEE ALSO\n\n*sallyport*(1), *sallyportd*(8), *sallyport-dp*(8)\n");
}

static void print_markdown(void)
{
	printf("# What can become of a packet\n\n"
	       "Made from `bpf/include/sallyport/verdict.h` by `docs/verdict_page.c`; a test "
	       "compares.\n");
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++) {
		printf("\n## %s\n\n%s\n\n| name | when |\n|---|---|\n", sections[s].title,
		       sections[s].text);
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			if (rows[r].fate == sections[s].fate)
				printf("| `%s` | %s |\n", rows[r].name, rows[r].help);
		}
	}
}

int main(int argc, char **argv)
{
	return page_print(argc, argv, print_manual, print_markdown);
}
