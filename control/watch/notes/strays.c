/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/notes/strays.h"

#include <stddef.h>

void notes_strays_mark(struct sp_note *note)
{
	note->reserved[0] = 1;
}

void notes_strays_add(struct strays *strays, const struct sp_note *note)
{
	if ((note->kind != SP_NOTE_CLOSES && note->kind != SP_NOTE_RESET) || note->reserved[0])
		return;
	strays->last++;
	strays->note[strays->last % NOTES_STRAYS_MAX] = *note;
}

const struct sp_note *notes_strays_next(const struct strays *strays, uint64_t after,
					uint64_t *ret_number)
{
	uint64_t oldest = strays->last < NOTES_STRAYS_MAX ? 1 : strays->last - NOTES_STRAYS_MAX + 1;
	uint64_t number = after + 1 > oldest ? after + 1 : oldest;

	if (number > strays->last)
		return NULL;
	*ret_number = number;
	return &strays->note[number % NOTES_STRAYS_MAX];
}
