/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of texts and JSON others may see. Nothing passes but what is known to be harmless: a member
 * of JSON by its name, a line of metrics by its form, a field of a log by its key; and addresses
 * are called by pseudonyms. Results are to be freed; NULL: no memory.
 */
#pragma once

#include <jansson.h>

struct pseudonyms;

#define REDACT_LEFT_OUT "(left out)"
#define REDACT_UNKNOWN	"(unknown)" /* how many members were left out with their names */

/* What becomes of a member of JSON. In an array it goes for each item; null is always kept. */
enum redact_kind {
	REDACT_PLAIN,	 /* texts, numbers and booleans are kept */
	REDACT_INSIDE,	 /* an object, whose members are judged by the same rules */
	REDACT_FIGURES,	 /* a number, or an object of nothing but numbers, whatever their names */
	REDACT_SENTENCE, /* a text of ours: addresses are renamed, what is quoted is left out */
	REDACT_LOG,	 /* a line of a log */
	REDACT_ADDRESS,	 /* an address or prefix: it is renamed */
	REDACT_LINK,	 /* a link-layer address: it is renamed */
	REDACT_SECRET,	 /* left out */
	REDACT_KINDS_NR
};

/*
 * The names of members by kind, with a blank between them. Of what is in none the name is left out
 * too, for it may be anybody's.
 */
struct redact_rules {
	const char *names[REDACT_KINDS_NR];
};

/* Text with its addresses renamed, and without what stands in double quotes. */
char *redact_sentence(struct pseudonyms *pseudonyms, const char *text);

/*
 * A line of a log: words without quotes, equal signs, @ and :// in them, and fields key=value whose
 * key is known to be harmless, with addresses renamed. The rest is left out.
 */
char *redact_log(struct pseudonyms *pseudonyms, const char *text);

/* Metrics in Prometheus' format: lines of metrics of ours with labels known to be harmless. */
char *redact_metrics(const char *text);

/* What of value may be seen: an object, or an array of them. */
json_t *redact_json(struct pseudonyms *pseudonyms, const struct redact_rules *rules,
		    const json_t *value);
