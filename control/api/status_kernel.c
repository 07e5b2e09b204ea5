/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/status.h"

#include "kernel/kernel.h"
#include "json/shape.h"
#include "json/values.h"

static const char *mode_of(const struct kernel_interface *interface)
{
	if (!interface->prog_id)
		return "none";
	return interface->native ? "native" : "generic";
}

static const struct json_shape interface_shape = {
	.name = "Interface",
	.help = "An interface of the edge, and what is attached to it",
	.members =
		(const struct json_shape_member[]){
			{"name", JSON_SHAPE_STRING, .example = "eth0"},
			{"ifindex", JSON_SHAPE_INTEGER, .example = "2"},
			{"attachment", JSON_SHAPE_STRING,
			 .values = "attached|adopted|updated|none"},
			{"mode", JSON_SHAPE_STRING, .values = "native|generic|none"},
			{"called", JSON_SHAPE_STRING, .example = "eth0",
			 .help = "its name now, if others have renamed it"},
			{"foreign", JSON_SHAPE_BOOLEAN, .example = "false",
			 .help = "a program of others is attached"},
			{"link_pinned", JSON_SHAPE_BOOLEAN, .example = "true"},
			{"link_path", JSON_SHAPE_STRING,
			 .example = "/sys/fs/bpf/sallyport/link_public"},
			{"link_id", JSON_SHAPE_INTEGER, .example = "17"},
			{"prog_id", JSON_SHAPE_INTEGER, .example = "93"},
			{"prog_name", JSON_SHAPE_STRING, .example = "sallyport"},
			{"prog_tag", JSON_SHAPE_STRING, .example = "3b185187f1855c4c"},
			{"problem", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "the program is gone"},
			{0},
		},
};

static const struct json_shape lost_shape = {
	.name = "RedirectsLost",
	.help = "By the interface that did not take them, and why",
	.members =
		(const struct json_shape_member[]){
			{"public", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME, .example = "0"},
			{"builds", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME, .example = "0"},
			{0},
		},
};

static const struct json_shape redirects_shape = {
	.name = "Redirects",
	.help = "What was lost behind the XDP program",
	.members =
		(const struct json_shape_member[]){
			{"counted", JSON_SHAPE_BOOLEAN, .example = "true"},
			{"lost", JSON_SHAPE_OBJECT, .shape = &lost_shape},
			{0},
		},
};

const struct json_shape api_status_kernel_shape = {
	.name = "Kernel",
	.help = "Our hold on the host's kernel",
	.members =
		(const struct json_shape_member[]){
			{"table", JSON_SHAPE_STRING, .values = "adopted|created|replaced",
			 .help = "at the start"},
			{"interfaces", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &interface_shape},
			{"local_addresses", JSON_SHAPE_INTEGER, .example = "3"},
			{"hosts_refused", JSON_SHAPE_INTEGER, .example = "0",
			 .help = "addresses that there was no room for"},
			{"neighbours", JSON_SHAPE_INTEGER, .example = "2",
			 .help = "that the kernel keeps resolved for us"},
			{"resyncs", JSON_SHAPE_INTEGER, .example = "0"},
			{"attachments_lost", JSON_SHAPE_INTEGER, .example = "0"},
			{"attachments_restored", JSON_SHAPE_INTEGER, .example = "0"},
			{"corrected", JSON_SHAPE_INTEGER, .example = "0"},
			{"netlink", JSON_SHAPE_STRING, .values = "open|failed"},
			{"redirects", JSON_SHAPE_OBJECT, .shape = &redirects_shape},
			{"warnings", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "The interface eth0 has no native mode."},
			{0},
		},
};

static json_t *render_interface(const struct kernel_interface *interface)
{
	const char *problem = *interface->problem ? interface->problem : NULL;

	return JSON_SHAPE_OBJECT_OF(
		&interface_shape, json_string(interface->name), json_integer(interface->ifindex),
		json_string(pins_names_attachment_name(interface->attachment)),
		json_string(mode_of(interface)), json_string(interface->called),
		json_boolean(interface->foreign), json_boolean(interface->link_pinned),
		json_string(interface->link_path), json_integer(interface->link_id),
		json_integer(interface->prog_id), json_string(interface->prog_name),
		json_string(interface->prog_tag), json_values_string_or_null(problem));
}

static json_t *render_losses(const uint64_t lost[SP_REDIRECT_LOSSES_NR])
{
	json_t *object = json_object();

#define X(NAME, name, error, help)                                                                 \
	json_object_set_new(object, #name, json_integer((json_int_t)lost[SP_REDIRECT_##NAME]));
	SP_REDIRECT_LOSSES(X)
#undef X
	return object;
}

static json_t *render_redirects(const struct kernel_redirects *redirects)
{
	return JSON_SHAPE_OBJECT_OF(&redirects_shape, json_boolean(redirects->counted),
				    JSON_SHAPE_OBJECT_OF(&lost_shape,
							 render_losses(redirects->lost[0]),
							 render_losses(redirects->lost[1])));
}

json_t *api_status_kernel(const struct kernel *kernel)
{
	struct kernel_status status = {0};
	json_t *interfaces = json_array(), *warnings = json_array();

	kernel_status(kernel, &status);
	for (unsigned int i = 0; i < status.nr_interfaces; i++)
		json_array_append_new(interfaces, render_interface(&status.interfaces[i]));
	for (unsigned int i = 0; i < status.nr_warnings; i++)
		json_array_append_new(warnings, json_string(status.warnings[i]));
	return JSON_SHAPE_OBJECT_OF(
		&api_status_kernel_shape, json_string(pins_names_origin_name(status.origin)),
		interfaces, json_integer(status.local_addrs),
		json_values_number(status.hosts_refused), json_integer(status.neighbours),
		json_values_number(status.figures.resyncs), json_values_number(status.figures.lost),
		json_values_number(status.figures.restored),
		json_values_number(status.figures.corrected),
		json_string(status.figures.blind ? "failed" : "open"),
		render_redirects(&status.figures.redirects), warnings);
}
