/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log of a daemon: one sentence an event, with key=value fields. It goes to the journal of the
 * system when stderr leads there, with each field as SALLYPORT_KEY, else to stderr as a line of
 * text. Only daemons log, never libraries, and each event once.
 *
 *	log_write(LOG_WARNING, "A worker does not answer.", log_number("worker", 3),
 *		  log_string("interface", name), log_error("error", r));
 *
 * Priorities are those of <syslog.h>. Any thread, once log_open() was called.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#define LOG_FIELDS_MAX	  16   /* more are left out */
#define LOG_VALUE_BYTES	  1024 /* of one value, escaped and terminated; the rest is cut */
#define LOG_MESSAGE_BYTES 4096

enum log_field_type {
	LOG_FIELD_END,
	LOG_FIELD_STRING,
	LOG_FIELD_NUMBER,
	LOG_FIELD_ERROR,
};

struct log_field {
	const char *key; /* small letters, digits and underscores */
	enum log_field_type type;
	const char *string;
	int64_t number;
};

/* A text from anywhere: it is escaped. NULL shows as "-". */
static inline struct log_field log_string(const char *key, const char *string)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_STRING, .string = string};
}

static inline struct log_field log_number(const char *key, int64_t number)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_NUMBER, .number = number};
}

/* An errno, of either sign, shown in words. */
static inline struct log_field log_error(const char *key, int error)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_ERROR, .number = error};
}

/*
 * Says who logs (static storage) and the least urgent priority that is kept, and finds out where
 * stderr leads. Before that, everything up to LOG_INFO goes to stderr without a name.
 */
void log_open(const char *program, int max_priority);

/* Writes one event, or drops it if nobody reads: it never waits. errno is left alone. */
#define log_write(priority, sentence, ...)                                                         \
	log_write_fields(                                                                          \
		priority, sentence,                                                                \
		(const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.type = LOG_FIELD_END}})

/* The same with an array that ends with LOG_FIELD_END. sentence is ours: it is not escaped. */
void log_write_fields(int priority, const char *sentence, const struct log_field *fields);

/* Result: how many lines were dropped, ever; the log tells it too, once it can. */
uint64_t log_dropped(void);

/*
 * Copies text so that it is one printable word or, with blanks, quotes, backslashes or equal signs
 * in it, one quoted string; control characters and bytes that are no UTF-8 become \xNN. Cut to fit.
 * Result: ret_text.
 */
const char *log_escape(const char *text, char *ret_text, size_t size_bytes);

/* Renders "sentence key=value …" as log_write() shows it on stderr, without priority or newline. */
void log_render(const char *sentence, const struct log_field *fields, char *ret_text,
		size_t size_bytes);
