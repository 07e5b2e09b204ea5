/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/doctor/finding.h"

#include <stdarg.h>

static const char *const grades[DOCTOR_GRADES_NR] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_FAILURE] = "failure",
};

void doctor_finding_say(struct doctor *doctor, const char *check, enum doctor_grade grade,
			const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	json_array_append_new(doctor->findings,
			      json_pack("{s:s, s:s, s:o}", "check", check, "grade", grades[grade],
					"says", json_vsprintf(format, arguments)));
	va_end(arguments);
	if (grade > doctor->worst)
		doctor->worst = grade;
}

static void add(struct doctor *doctor, const char *name, const char *text)
{
	size_t nr = json_array_size(doctor->findings);

	json_object_set_new(json_array_get(doctor->findings, nr - 1), name, json_string(text));
}

void doctor_finding_cure(struct doctor *doctor, const char *command)
{
	add(doctor, "cure", command);
}

void doctor_finding_kept(struct doctor *doctor, const char *place)
{
	add(doctor, "kept", place);
}
