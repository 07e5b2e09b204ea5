/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log_sink.h"

#define KEY_PREFIX	"SALLYPORT_"
#define KEY_BYTES	64
#define JOURNAL_ENTRIES (LOG_FIELDS_MAX + 3)
/* A pipe takes so many bytes at once, or none. */
#define LINE_BYTES PIPE_BUF

/* Set by log_open() before there are threads, then only read. */
static struct {
	const char *program;
	int max_priority;
	bool journal;
	uint64_t dropped; /* that were told of */
} log_state = {.max_priority = LOG_INFO};

/* Result: whether stderr is the stream that the service manager made for us. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

void log_open(const char *program, int max_priority)
{
	log_state.program = program;
	log_state.max_priority = max_priority;
	log_state.journal = stderr_is_journal();
}

/* A text that grows in a buffer and stops, terminated, at its end. */
struct sink {
	char *text;
	size_t size;
	size_t length;
};

static bool sink_put(struct sink *sink, const char *bytes, size_t count)
{
	if (sink->length + count >= sink->size)
		return false;
	memcpy(sink->text + sink->length, bytes, count);
	sink->length += count;
	sink->text[sink->length] = '\0';
	return true;
}

/* Puts what fits. */
static void sink_text(struct sink *sink, const char *text)
{
	size_t room = sink->size - sink->length - 1, length = strlen(text);

	sink_put(sink, text, length < room ? length : room);
}

/* Result: the bytes of the UTF-8 character at text, 0 if there is none. */
static size_t utf8_length(const unsigned char *text)
{
	size_t length = text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

	if (length == 0 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f) ||
	    (text[0] == 0xc2 && text[1] < 0xa0))
		return 0;
	return length;
}

static bool put_character(struct sink *sink, const char **text)
{
	const unsigned char *c = (const unsigned char *)*text;
	size_t length = utf8_length(c);
	char escape[8];

	if (*c >= 0x20 && *c < 0x7f && *c != '"' && *c != '\\')
		length = 1;
	if (length > 0) {
		*text += length;
		return sink_put(sink, (const char *)c, length);
	}
	*text += 1;
	if (*c == '"' || *c == '\\')
		snprintf(escape, sizeof(escape), "\\%c", *c);
	else
		snprintf(escape, sizeof(escape), "\\x%02x", *c);
	return sink_put(sink, escape, strlen(escape));
}

const char *log_escape(const char *text, char *ret_text, size_t size_bytes)
{
	bool quote = *text == '\0' || strpbrk(text, " \"\\=");
	/* One byte is kept back for the closing quote. */
	struct sink sink = {.text = ret_text, .size = size_bytes - quote};

	ret_text[0] = '\0';
	if (quote)
		sink_put(&sink, "\"", 1);
	while (*text && put_character(&sink, &text))
		continue;
	sink.size += quote;
	if (quote)
		sink_put(&sink, "\"", 1);
	return ret_text;
}

static const char *render_value(const struct log_field *field, char ret_text[LOG_VALUE_BYTES])
{
	switch (field->type) {
	case LOG_FIELD_NUMBER:
		snprintf(ret_text, LOG_VALUE_BYTES, "%lld", (long long)field->number);
		return ret_text;
	case LOG_FIELD_ERROR:
		return log_escape(strerror(abs((int)field->number)), ret_text, LOG_VALUE_BYTES);
	default:
		return log_escape(field->string ? field->string : "-", ret_text, LOG_VALUE_BYTES);
	}
}

void log_render(const char *sentence, const struct log_field *fields, char *ret_text,
		size_t size_bytes)
{
	struct sink sink = {.text = ret_text, .size = size_bytes};
	char value[LOG_VALUE_BYTES];

	ret_text[0] = '\0';
	sink_text(&sink, sentence);
	for (unsigned int i = 0; i < LOG_FIELDS_MAX && fields[i].type != LOG_FIELD_END; i++) {
		sink_text(&sink, " ");
		sink_text(&sink, fields[i].key);
		sink_text(&sink, "=");
		sink_text(&sink, render_value(&fields[i], value));
	}
}

/* Result: an entry "KEY=value" of the journal, to be freed, or an empty one without memory. */
static struct iovec journal_entry(const char *key, const char *value)
{
	struct iovec entry = {0};
	char *text;

	if (asprintf(&text, "%s=%s", key, value) < 0)
		return entry;
	entry.iov_base = text;
	entry.iov_len = strlen(text);
	return entry;
}

static struct iovec journal_field(const struct log_field *field)
{
	char key[KEY_BYTES], value[LOG_VALUE_BYTES];

	snprintf(key, sizeof(key), KEY_PREFIX "%s", field->key);
	for (char *c = key; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return journal_entry(key, render_value(field, value));
}

/* Result: whether it was taken. */
static bool write_journal(int priority, const char *message, const struct log_field *fields)
{
	const char *program = log_state.program ? log_state.program : "sallyport";
	const char number[] = {(char)('0' + priority), '\0'};
	struct iovec entries[JOURNAL_ENTRIES];
	unsigned int nr = 0;
	bool taken;

	entries[nr++] = journal_entry("MESSAGE", message);
	entries[nr++] = journal_entry("PRIORITY", number);
	entries[nr++] = journal_entry("SYSLOG_IDENTIFIER", program);
	for (; nr < JOURNAL_ENTRIES && fields->type != LOG_FIELD_END; fields++)
		entries[nr++] = journal_field(fields);
	taken = log_sink_journal(entries, nr);
	while (nr > 0)
		free(entries[--nr].iov_base);
	return taken;
}

/* One call a line: lines of several processes on one stderr stay whole. */
static bool write_stderr(int priority, const char *message)
{
	static const char *const names[] = {"emergency", "alert",  "critical", "error",
					    "warning",	 "notice", "info",     "debug"};
	const char *program = log_state.program ? log_state.program : "";
	char line[LINE_BYTES];
	int length;

	length = snprintf(line, sizeof(line), "%s%s%s: %s\n", program, program[0] ? ": " : "",
			  names[priority], message);
	if (length >= (int)sizeof(line)) {
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	return log_sink_stderr(line, (size_t)length);
}

static bool write_one(int priority, const char *sentence, const struct log_field *fields)
{
	char message[LOG_MESSAGE_BYTES];

	log_render(sentence, fields, message, sizeof(message));
	return log_state.journal ? write_journal(priority, message, fields)
				 : write_stderr(priority, message);
}

/* Once there is room again. */
static void tell_dropped(void)
{
	uint64_t dropped = log_sink_dropped();
	uint64_t told = __atomic_exchange_n(&log_state.dropped, dropped, __ATOMIC_RELAXED);
	const struct log_field fields[] = {log_number("lines", (int64_t)(dropped - told)), {0}};

	if (dropped != told &&
	    !write_one(LOG_WARNING, "Lines of the log were dropped: nobody read them.", fields))
		__atomic_store_n(&log_state.dropped, told, __ATOMIC_RELAXED);
}

void log_write_fields(int priority, const char *sentence, const struct log_field *fields)
{
	int saved = errno;

	priority &= LOG_PRIMASK;
	if (priority > log_state.max_priority)
		return;
	if (write_one(priority, sentence, fields))
		tell_dropped();
	errno = saved;
}

uint64_t log_dropped(void)
{
	return log_sink_dropped();
}
