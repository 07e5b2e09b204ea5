/* SPDX-License-Identifier: BSD-3-Clause */
/* What doctor says of the host: what `sallyportd --check --host` says, in the same words. */
#include <stddef.h>

#include "cli/doctor/checks.h"
#include "cli/doctor/finding.h"
#include "facts/facts.h"

static const enum doctor_grade grades[FACTS_SEVERITIES_NR] = {
	[FACTS_WELL] = DOCTOR_OK,	 [FACTS_HINT] = DOCTOR_NOTE,
	[FACTS_RISK] = DOCTOR_WARNING,	 [FACTS_SLOW] = DOCTOR_WARNING,
	[FACTS_SILENT] = DOCTOR_FAILURE, [FACTS_REFUSE] = DOCTOR_FAILURE,
};

void doctor_host_check(struct doctor *doctor)
{
	const struct facts_site site = {.config = doctor->config,
					.config_path = doctor->config_path};
	struct facts_list list;

	if (facts_look(&site, &list) < 0) {
		doctor_finding_say(doctor, "host", DOCTOR_FAILURE, "There is no memory.");
		return;
	}
	for (unsigned int i = 0; i < list.nr; i++) {
		const struct facts_finding *finding = &list.finding[i];

		doctor_finding_say(doctor, finding->name, grades[finding->severity], "%s",
				   finding->says);
		if (finding->cure)
			doctor_finding_cure(doctor, finding->cure);
		if (finding->kept)
			doctor_finding_kept(doctor, finding->kept);
	}
	facts_free(&list);
}
