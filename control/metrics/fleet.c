/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/fleet.h"

#include <string.h>

#include "roster/roster.h"

#define UP "sallyport_fleet_up"

/* A quote, a backslash or the end of a line would end it sooner. */
static void write_label(const char *text, FILE *out)
{
	for (; text && *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text == '\n' ? ' ' : *text, out);
	}
}

static void write_one(const struct roster_figure *figure, const json_t *object, const char *label,
		      const char *name, FILE *out)
{
	double number;

	if (!roster_measure(figure, object, &number))
		return;
	fputs(figure->metric, out);
	if (label) {
		fprintf(out, "{%s=\"", label);
		write_label(json_string_value(json_object_get(object, name)), out);
		fputs("\"}", out);
	}
	fprintf(out, " %.15g\n", number);
}

/* of: an object, or a list of such, which are told apart by a label that has the member name. */
static void write_all(const struct roster_figure *figures, const json_t *of, const char *label,
		      const char *name, FILE *out)
{
	for (const struct roster_figure *figure = figures; figure->member; figure++) {
		const json_t *item;
		size_t i;

		if (!figure->metric)
			continue;
		fprintf(out, "# HELP %s %s.\n# TYPE %s gauge\n", figure->metric, figure->help,
			figure->metric);
		if (!label)
			write_one(figure, of, NULL, NULL, out);
		json_array_foreach ((json_t *)of, i, item)
			write_one(figure, item, label, name, out);
	}
}

void metrics_fleet_write(const struct roster_heard *heard, uint64_t now_ns, FILE *out)
{
	bool fresh = heard && roster_is_fresh(heard, now_ns);
	const json_t *said = fresh ? heard->said : NULL, *store = json_object_get(said, "store");

	fputs("# HELP " UP " 1 while sallyport-fleet tells of its fleet; where fleet.etcd is "
	      "given.\n# TYPE " UP " gauge\n",
	      out);
	if (heard)
		fprintf(out, UP " %d\n", fresh);
	write_all(roster_fleet, said, NULL, NULL, out);
	write_all(roster_store, store, NULL, NULL, out);
	write_all(roster_members, json_object_get(store, "members"), "member", "url", out);
	write_all(roster_edges, json_object_get(said, "edges"), "edge", "name", out);
}
