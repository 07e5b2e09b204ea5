/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"
#include "host/config_table.h"

/* Result: the whole file, NUL-terminated, to be freed, or NULL with errno. */
static char *read_file(FILE *stream, size_t *ret_bytes)
{
	char *text = malloc(CONFIG_FILE_BYTES + 1);
	size_t bytes;

	if (!text)
		return NULL;
	errno = 0;
	bytes = fread(text, 1, CONFIG_FILE_BYTES + 1, stream);
	if (ferror(stream) || bytes > CONFIG_FILE_BYTES) {
		free(text);
		errno = bytes > CONFIG_FILE_BYTES ? EFBIG : errno ? errno : EIO;
		return NULL;
	}
	text[bytes] = '\0';
	*ret_bytes = bytes;
	return text;
}

static unsigned int count_lines(const char *text, size_t bytes)
{
	unsigned int lines = 1;

	for (size_t i = 0; i < bytes; i++)
		lines += text[i] == '\n';
	return lines;
}

/* text[bytes] is NUL. Result: 0, reading->config is whole; or -errno. Its parts are to be freed. */
static int read_text(struct config_reading *reading, const char *text, size_t bytes)
{
	size_t length = strlen(text);

	reading->config = calloc(1, sizeof(*reading->config));
	if (!reading->config)
		return -ENOMEM;
	if (length < bytes) {
		config_reading_fail(reading, count_lines(text, length), NULL,
				    "there is a NUL byte");
	} else {
		config_parse(reading, text);
		config_check(reading);
	}
	if (reading->no_memory)
		return -ENOMEM;
	return reading->errors->nr > 0 ? -EINVAL : 0;
}

/* text[bytes] is NUL. */
static int load(const char *name, const char *text, size_t bytes, struct config **ret_config,
		struct config_errors *errors)
{
	struct config_reading reading = {.file = name, .errors = errors};
	int r = read_text(&reading, text, bytes);

	free(reading.places);
	if (r < 0)
		config_free(reading.config);
	else
		*ret_config = reading.config;
	return r;
}

int config_load_text(const char *name, const char *text, size_t bytes, struct config **ret_config,
		     struct config_errors *errors)
{
	struct config_reading reading = {.file = name, .errors = errors};
	char *copy;
	int r;

	if (bytes > CONFIG_FILE_BYTES) {
		config_reading_fail(&reading, 0, NULL, "%s", strerror(EFBIG));
		return -EFBIG;
	}
	copy = malloc(bytes + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	r = load(name, copy, bytes, ret_config, errors);
	free(copy);
	return r;
}

char *config_file_text(const char *path, size_t *ret_bytes)
{
	FILE *stream = fopen(path, "re");
	char *text;
	int error;

	if (!stream)
		return NULL;
	text = read_file(stream, ret_bytes);
	error = errno;
	fclose(stream);
	errno = error;
	return text;
}

/* As config_file_text(), but what went wrong is among the errors. */
static char *read_path(const char *path, size_t *ret_bytes, struct config_errors *errors)
{
	struct config_reading reading = {.file = path, .errors = errors};
	char *text = config_file_text(path, ret_bytes);
	int error = errno;

	if (!text)
		config_reading_fail(&reading, 0, NULL, "%s", strerror(error));
	errno = error;
	return text;
}

int config_load(const char *path, struct config **ret_config, struct config_errors *errors)
{
	size_t bytes;
	char *text = read_path(path, &bytes, errors);
	int r;

	if (!text)
		return -errno;
	r = load(path, text, bytes, ret_config, errors);
	free(text);
	return r;
}

int config_print_file(const char *path, FILE *stream, struct config_errors *errors)
{
	struct config_reading reading = {.file = path, .errors = errors};
	size_t bytes;
	char *text = read_path(path, &bytes, errors);
	int r;

	if (!text)
		return -errno;
	r = read_text(&reading, text, bytes);
	if (r == 0)
		config_print_read(&reading, stream);
	config_free(reading.config);
	free(reading.places);
	free(text);
	return r;
}

void config_free(struct config *config)
{
	free(config);
}

bool config_given(const struct config *config, const char *key)
{
	int index = config_option_find(key);

	return index >= 0 && config->given[index];
}

static uint32_t count_of(const struct config_option *option, const void *base)
{
	uint32_t nr = 1;

	if (option->max_items)
		memcpy(&nr, (const char *)base + option->nr_offset, sizeof(nr));
	return nr;
}

/* Compares the values of an option. Result: whether they differ; *apply gains what that takes. */
static bool differs(const struct config_option *option, const void *before, const void *after,
		    unsigned int *apply)
{
	const char *a = (const char *)before + option->offset;
	const char *b = (const char *)after + option->offset;
	uint32_t nr = count_of(option, before);
	bool different = false;

	if (nr != count_of(option, after) ||
	    (!option->members && memcmp(a, b, nr * option->size) != 0)) {
		*apply |= option->apply;
		return true;
	}
	/* In lists of groups of one length, the members decide what it takes. */
	for (uint32_t i = 0; option->members && i < nr; i++)
		for (const struct config_option *member = option->members; member->key; member++)
			different |=
				differs(member, a + i * option->size, b + i * option->size, apply);
	return different;
}

void config_diff(const struct config *before, const struct config *after,
		 struct config_changes *ret_changes)
{
	ret_changes->nr = 0;
	for (const struct config_option *option = config_options; option->key; option++) {
		unsigned int apply = CONFIG_APPLY_RELOAD;

		if (differs(option, before, after, &apply))
			ret_changes->change[ret_changes->nr++] =
				(struct config_change){option->key, apply};
	}
}

bool config_can_reload(const struct config_changes *changes)
{
	for (unsigned int i = 0; i < changes->nr; i++)
		if (changes->change[i].apply & CONFIG_APPLY_CONTROL)
			return false;
	return true;
}

const char *config_apply_name(enum config_apply apply)
{
	static const char *const names[] = {
		[CONFIG_APPLY_RELOAD] = "reload",
		[CONFIG_APPLY_CONTROL] = "restart of sallyportd",
		[CONFIG_APPLY_DATAPLANE] = "restart of sallyport-dp",
		[CONFIG_APPLY_BOTH] = "restart of sallyportd and sallyport-dp",
	};

	return names[apply];
}

bool config_has_port(const struct config *config)
{
	return config->public.port[0] || config->builds.port[0];
}

bool config_carries_v6(const struct config *config)
{
	for (uint32_t i = 0; i < config->public.nr_addresses; i++)
		if (addr_family(&config->public.addresses[i].bind) == 6)
			return true;
	return false;
}

uint32_t config_connections_per_user(const struct config *config)
{
	uint32_t all = config->api.clients, of_user = config->api.clients_per_user;

	if (!of_user)
		of_user = all - all / 4;
	return of_user < all ? of_user : all;
}
