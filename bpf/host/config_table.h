/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of options, and what reads by it. Only for the files of config. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define CONFIG_KEY_SIZE	    128 /* of a key with indexes, such as public.addresses[0].ports[12] */
#define CONFIG_PROBLEM_SIZE 512
#define CONFIG_QUOTE_SIZE   128
#define CONFIG_ERRORS_MAX   256 /* what is wrong beyond that is not said */

enum config_type {
	CONFIG_STRING,	  /* char[size] */
	CONFIG_NAME,	  /* char[size], of a user or group */
	CONFIG_PATH,	  /* char[size], absolute */
	CONFIG_INTERFACE, /* char[size] */
	CONFIG_HOST,	  /* char[size], an address or a host name */
	CONFIG_BOOL,	  /* bool */
	CONFIG_INTEGER,	  /* uint32_t */
	CONFIG_UID,	  /* int64_t */
	CONFIG_DURATION,  /* uint64_t ns */
	CONFIG_RATE,	  /* struct config_rate */
	CONFIG_CHOICE,	  /* an enum */
	CONFIG_ADDRESS,	  /* struct sp_prefix: an address, or a prefix of such */
	CONFIG_LISTEN,	  /* struct config_listen */
	CONFIG_PREFIX,	  /* struct sp_prefix */
	CONFIG_PORTS,	  /* struct config_range */
	CONFIG_GROUPS,	  /* items of a struct with options of its own */
};

struct config_choice {
	const char *name; /* NULL ends the list */
	int value;
};

/* One option. A list has max_items; its size is that of one item. */
struct config_option {
	const char *key; /* "leases.linger", or of a member of a list's items: "bind" */
	enum config_type type;
	bool optional_text;   /* of texts: "" is allowed */
	bool harmless;	      /* of a string or name: others than the operator may see it */
	const char *fallback; /* the default as the file would say it; NULL: required */
	size_t offset;	      /* in struct config, or in the item */
	size_t size;
	uint32_t min_items;
	uint32_t max_items; /* 0: not a list */
	size_t nr_offset;   /* of the uint32_t that counts the items */
	uint64_t min;	    /* of integers; of durations in ns */
	uint64_t max;
	const char *unit; /* of integers: "MiB", or NULL where they only count */
	const struct config_choice *choices;
	const struct config_option *members; /* ends with a row without key */
	enum config_apply apply;
	const char *help; /* sentences */
};

/* All options, in the order of the manual. Ends with a row without key. */
extern const struct config_option config_options[];

/* Result: the index of a key in config_options, or -ENOENT. */
int config_option_find(const char *key);

/* What stands in the file, or as a default in the table. */
enum config_form {
	CONFIG_FORM_STRING,
	CONFIG_FORM_NUMBER,
	CONFIG_FORM_BOOL,
	CONFIG_FORM_FLOAT,
	CONFIG_FORM_LIST,
	CONFIG_FORM_GROUP,
};

struct config_value {
	enum config_form form;
	const char *string;
	int64_t number; /* of a bool: 0 or 1 */
	/* Of a number in the file, as it stands there; NULL: the default of the table. */
	const char *written;
	size_t written_length;
};

/*
 * Reads one value into ret_value, which has the size of the option's type. Result: 0, or -EINVAL
 * with ret_value untouched and what is wrong, behind "key: ", in ret_problem.
 */
int config_value_parse(const struct config_option *option, const struct config_value *value,
		       void *ret_value, char ret_problem[CONFIG_PROBLEM_SIZE]);

/*
 * Guesses what was meant by a text that an option does not take. Result: whether there is such a
 * text, which the option takes.
 */
bool config_meant(const struct config_option *option, const char *text,
		  char ret_text[CONFIG_QUOTE_SIZE]);

/* Result: an option's default as a value; it must have one. */
struct config_value config_value_fallback(const struct config_option *option);

/* Result: how the type is called, such as "a duration". */
const char *config_type_name(enum config_type type);

/*
 * Parts of the above. Result: 0 or -EINVAL. A duration is "1h30m" with d, h, m, s, ms, us, each at
 * most once and in this order, or "0". A rate is "10/s" with s, m or h, or "0". Ports are "22" or
 * "64535-65535". A listener is "127.0.0.1:9464", "[::1]:9464", or "" for none.
 */
int config_duration_parse(const char *text, uint64_t *ret_ns);
int config_rate_parse(const char *text, struct config_rate *ret_rate);
int config_ports_parse(const char *text, struct config_range *ret_range);
int config_listen_parse(const char *text, struct config_listen *ret_listen);

/* Writes a duration as config_duration_parse() reads it. Result: ret_text. */
const char *config_duration_format(uint64_t ns, char *ret_text, size_t size_bytes);

/* Writes text in double quotes, with what is not printable escaped. Result: ret_text. */
const char *config_quote(const char *text, char ret_text[CONFIG_QUOTE_SIZE]);

/* Makes a key such as "leases.linger"; one that is longer than any of ours ends with dots. */
void config_key(char ret_key[CONFIG_KEY_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Where a value that was read stands. */
struct config_place {
	const void *value; /* in struct config */
	bool group; /* an item of a list of groups, which begins where its first member does */
	unsigned int line;
	char key[CONFIG_KEY_SIZE];
};

/* One reading of a file. */
struct config_reading {
	const char *file;
	struct config *config;
	struct config_errors *errors;
	struct config_place *places;
	unsigned int nr_places;
	bool blocked[CONFIG_OPTIONS_MAX]; /* options whose group stands there, but is no group */
	bool no_memory;
};

/* Adds "file:line: key: …"; line 0 and key NULL are left out. */
void config_reading_fail(struct config_reading *reading, unsigned int line, const char *key,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Remembers where a value stands. */
void config_reading_place(struct config_reading *reading, const struct config_place *place);

/* Two values have changed places in struct config: what was known of one is of the other now. */
void config_reading_swap(struct config_reading *reading, const void *one, const void *other);

/*
 * Result: where a value, or an item of a list of groups, stands; NULL if it is a default or was not
 * understood.
 */
const struct config_place *config_reading_find(const struct config_reading *reading,
					       const void *value);
const struct config_place *config_reading_find_group(const struct config_reading *reading,
						     const void *item);

/* Reads the text, NUL-terminated, into reading->config; all that is wrong goes to its errors. */
void config_parse(struct config_reading *reading, const char *text);

/* Prints the configuration as it counts, all of it, and in which line each value stands. */
void config_print_read(const struct config_reading *reading, FILE *stream);

/* Finds what is wrong between values, each right by itself, and puts ports in order. */
void config_check(struct config_reading *reading);

/*
 * Finds the key that was probably meant by an unknown one in a table. prefix is the group that it
 * stands in ("leases.", or ""). Result: the full key or group, or NULL.
 */
const char *config_suggest(const struct config_option *options, const char *prefix,
			   const char *name, char ret_key[CONFIG_KEY_SIZE]);
