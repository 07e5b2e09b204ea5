/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/notice.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int hooks_notice_parse(const char *line, struct notice *ret_notice)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const json_t *seq = json_object_get(object, "seq");

	if (!json_is_integer(seq) || json_integer_value(seq) < 0 ||
	    !json_is_string(json_object_get(object, "type"))) {
		json_decref(object);
		return -EBADMSG;
	}
	*ret_notice = (struct notice){line, (uint64_t)json_integer_value(seq), object, ""};
	return 0;
}

void hooks_notice_clear(struct notice *notice)
{
	json_decref(notice->object);
	*notice = (struct notice){0};
}

const char *hooks_notice_text(const struct notice *notice, const char *key)
{
	const char *text = json_string_value(json_object_get(notice->object, key));

	return text ? text : "";
}

int64_t hooks_notice_number(const struct notice *notice, const char *key)
{
	const json_t *number = json_object_get(notice->object, key);

	return json_is_integer(number) ? json_integer_value(number) : -1;
}

void hooks_notice_encode(FILE *out, const char *text, const char *kept)
{
	for (const char *c = text; *c; c++)
		fprintf(out, isalnum((unsigned char)*c) || strchr(kept, *c) ? "%c" : "%%%02X",
			(unsigned char)*c);
}

const char *hooks_notice_id(const struct notice *notice, char ret_id[HOOKS_NOTICE_ID_BYTES])
{
	FILE *out = fmemopen(ret_id, HOOKS_NOTICE_ID_BYTES, "w");

	ret_id[0] = '\0';
	if (!out)
		return ret_id;
	hooks_notice_encode(out, notice->edge, "-_");
	fprintf(out, "-%" PRIu64 "-", notice->seq);
	for (const char *c = hooks_notice_text(notice, "time"); *c; c++)
		if (isalnum((unsigned char)*c))
			fputc(*c, out);
	fclose(out);
	return ret_id;
}
