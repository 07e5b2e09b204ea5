/* SPDX-License-Identifier: BSD-3-Clause */
/* Dead letters of sallyport-hooks, where it keeps them unless told otherwise. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/checks.h"
#include "cli/doctor/finding.h"
#include "cli/talk/talk.h"
#include "host/config.h"

#define CURE                                                                                       \
	"(set -a; . /etc/sallyport/hooks.env; sallyport-hooks $SALLYPORT_HOOKS_OPTIONS "           \
	"--redeliver)"

struct letters {
	char file[PATH_MAX]; /* of the newest */
	json_t *newest;
	unsigned int nr;
	int error;
};

/* The files from the oldest on; what an earlier --redeliver left is older than all. */
static const char *const suffixes[] = {".again", ".1", ""};

static void read_file(struct letters *letters, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!file) {
		if (errno != ENOENT)
			letters->error = errno;
		return;
	}
	while (getline(&line, &room, file) >= 0) {
		json_t *letter = json_loads(line, 0, NULL);

		if (!letter)
			continue;
		json_decref(letters->newest);
		letters->newest = letter;
		letters->nr++;
		snprintf(letters->file, sizeof(letters->file), "%s", path);
	}
	free(line);
	fclose(file);
}

static void say(struct doctor *doctor, const struct letters *letters)
{
	const json_t *event = json_object_get(letters->newest, "event");

	doctor_finding_say(doctor, "dead-letters", DOCTOR_WARNING,
			   "sallyport-hooks has given up %u events, the last one (%s, number %lld) "
			   "for %s at %s: %s. They are lines of %s. Put right what failed, then "
			   "deliver them once more; or remove the file.",
			   letters->nr, talk_text(event, "type"),
			   (long long)talk_number(event, "seq"), talk_text(letters->newest, "hook"),
			   talk_text(letters->newest, "given_up_at"),
			   talk_text(letters->newest, "reason"), letters->file);
	doctor_finding_cure(doctor, CURE);
}

void doctor_letters_check(struct doctor *doctor)
{
	struct letters letters = {0};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (snprintf(path, sizeof(path), "%s/hooks.dead%s", doctor->config->edge.state_dir,
			     suffixes[i]) < (int)sizeof(path))
			read_file(&letters, path);
	if (letters.nr > 0)
		say(doctor, &letters);
	else if (letters.error)
		doctor_finding_say(doctor, "dead-letters", DOCTOR_NOTE,
				   "Whether sallyport-hooks has given up events cannot be seen: "
				   "hooks.dead in %s: %s.",
				   doctor->config->edge.state_dir, strerror(letters.error));
	json_decref(letters.newest);
}
