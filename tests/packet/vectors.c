// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <sallyport/decide.h>

#define LINE_BYTES_MAX 8192

const char *vectors_verdict(__u32 verdict)
{
	switch (verdict) {
#define X(NAME, name, fate, help)                                                                  \
	case SP_##NAME:                                                                            \
		return #name;
		SP_VERDICT_LIST(X)
#undef X
	default:
		return "no answer";
	}
}

static int read_verdict(const char *name, enum sp_verdict *ret)
{
	for (__u32 i = 0; i < SP_VERDICT_COUNT; i++) {
		if (strcmp(vectors_verdict(i), name) != 0)
			continue;
		*ret = (enum sp_verdict)i;
		return 0;
	}
	return -EINVAL;
}

static int read_frame(const char *hex, struct frame *ret)
{
	ret->len_bytes = 0;
	for (; isxdigit(hex[0]) && isxdigit(hex[1]); hex += 2) {
		unsigned int byte;

		if (ret->len_bytes == sizeof(ret->bytes) || sscanf(hex, "%2x", &byte) != 1)
			return -EINVAL;
		ret->bytes[ret->len_bytes++] = byte;
	}
	return *hex == '\n' || *hex == '\0' ? 0 : -EINVAL;
}

static int read_packet(const char *line, struct vector *ret)
{
	char role[16];
	unsigned long long now_ns;

	if (sscanf(line, "packet %127s %15s %llu %u", ret->name, role, &now_ns, &ret->run.mtu) != 4)
		return -EINVAL;
	ret->run.now_ns = now_ns;
	ret->run.role = strcmp(role, "public") == 0   ? SP_ROLE_PUBLIC
			: strcmp(role, "builds") == 0 ? SP_ROLE_BUILDS
						      : SP_ROLE_BOTH;
	return 0;
}

static int read_expected(const char *line, struct vector *ret)
{
	char verdict[32];
	int at;

	if (sscanf(line, "out %31s %n", verdict, &at) != 1 || read_verdict(verdict, &ret->verdict))
		return -EINVAL;
	if (line[at] == '-')
		ret->expected = ret->in;
	else
		return read_frame(line + at, &ret->expected);
	return 0;
}

/* Result: 0, 1 once a vector is whole, or -EINVAL for a line that means nothing. */
static int read_line(struct fixture *fixture, const char *line, struct vector *vector)
{
	int r;

	if (line[0] == '#' || line[0] == '\n')
		return 0;
	if (strncmp(line, "packet ", 7) == 0)
		return read_packet(line, vector);
	if (strncmp(line, "in ", 3) == 0)
		return read_frame(line + 3, &vector->in);
	if (strncmp(line, "out ", 4) == 0) {
		r = read_expected(line, vector);
		return r ? r : 1;
	}
	r = fixture_read_line(fixture, line);
	return r == 1 ? 0 : -EINVAL;
}

int vectors_read(FILE *file, struct fixture *fixture,
		 void (*each)(void *context, const struct vector *vector), void *context)
{
	static char line[LINE_BYTES_MAX];
	static struct vector vector;

	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		int r = read_line(fixture, line, &vector);

		if (r < 0)
			return number;
		if (r == 1)
			each(context, &vector);
	}
	return 0;
}
