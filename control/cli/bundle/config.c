/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configuration says, and what doctor makes of the host by it. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/bundle/bundle.h"
#include "cli/doctor/doctor.h"
#include "host/config.h"

#define UNREADABLE "the configuration cannot be read; sallyportd --check FILE says why"

void bundle_config_gather(struct bundle *bundle)
{
	char *text = NULL;
	size_t bytes;
	FILE *out;

	if (!bundle->config) {
		bundle_miss(bundle, "config.txt", UNREADABLE);
		return;
	}
	out = open_memstream(&text, &bytes);
	if (out)
		config_print(bundle->config, out);
	if (out && fclose(out) != 0) {
		free(text);
		text = NULL;
	}
	bundle_add_text(bundle, "config.txt", text);
}

void bundle_config_gather_doctor(struct bundle *bundle)
{
	enum doctor_grade worst;

	if (bundle->config)
		bundle_add_json(bundle, "doctor.json", &redact_rules_doctor,
				doctor_findings(bundle->cli, NULL, bundle->config, &worst));
	else
		bundle_miss(bundle, "doctor.json", UNREADABLE);
}
