/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures as narrow text. */
#pragma once

#include <stdint.h>

#define TOP_TEXT_SIZE 64
#define TOP_ID_SIZE   129 /* of the API's ids */

/* Result: a number on five columns at most: "0", "999", "12.3k", "123M"; below 10 with a tenth if
 * it has one. */
const char *list_text_number(double number, char text[TOP_TEXT_SIZE]);

/* Result: a time on six columns at most: "0s", "59s", "59m59s", "23h59m", "99d23h", ">999d". */
const char *list_text_time(uint64_t ns, char text[TOP_TEXT_SIZE]);

/* Result: "[|||||     ]" on columns columns (3 and more, below TOP_TEXT_SIZE) for left of whole;
 * what is left of anything is at least one '|'. */
const char *list_text_bar(uint64_t left, uint64_t whole, unsigned int columns,
			  char text[TOP_TEXT_SIZE]);

/*
 * Result: an id on columns columns at most; of a longer one beginning and end, by which ids that a
 * system numbers differ, with '+' between them.
 */
const char *list_text_id(const char *id, unsigned int columns, char text[TOP_ID_SIZE]);
