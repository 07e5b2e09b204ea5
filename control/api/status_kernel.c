/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/status.h"

#include "kernel/kernel.h"

static const char *mode_of(const struct kernel_interface *interface)
{
	if (!interface->prog_id)
		return "none";
	return interface->native ? "native" : "generic";
}

static json_t *render_interface(const struct kernel_interface *interface)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", json_string(interface->name));
	json_object_set_new(object, "ifindex", json_integer(interface->ifindex));
	json_object_set_new(object, "attachment",
			    json_string(pins_names_attachment_name(interface->attachment)));
	json_object_set_new(object, "mode", json_string(mode_of(interface)));
	json_object_set_new(object, "called", json_string(interface->called));
	json_object_set_new(object, "foreign", json_boolean(interface->foreign));
	json_object_set_new(object, "link_pinned", json_boolean(interface->link_pinned));
	json_object_set_new(object, "link_path", json_string(interface->link_path));
	json_object_set_new(object, "link_id", json_integer(interface->link_id));
	json_object_set_new(object, "prog_id", json_integer(interface->prog_id));
	json_object_set_new(object, "prog_name", json_string(interface->prog_name));
	json_object_set_new(object, "prog_tag", json_string(interface->prog_tag));
	json_object_set_new(object, "problem",
			    *interface->problem ? json_string(interface->problem) : json_null());
	return object;
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

/* By the interface that did not take them. */
static json_t *render_redirects(const struct kernel_redirects *redirects)
{
	return json_pack("{s:b, s:{s:o, s:o}}", "counted", redirects->counted, "lost", "public",
			 render_losses(redirects->lost[0]), "builds",
			 render_losses(redirects->lost[1]));
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
	return json_pack("{s:s, s:o, s:i, s:I, s:i, s:I, s:I, s:I, s:I, s:s, s:o, s:o}", "table",
			 pins_names_origin_name(status.origin), "interfaces", interfaces,
			 "local_addresses", status.local_addrs, "hosts_refused",
			 (json_int_t)status.hosts_refused, "neighbours", status.neighbours,
			 "resyncs", (json_int_t)status.figures.resyncs, "attachments_lost",
			 (json_int_t)status.figures.lost, "attachments_restored",
			 (json_int_t)status.figures.restored, "corrected",
			 (json_int_t)status.figures.corrected, "netlink",
			 status.figures.blind ? "failed" : "open", "redirects",
			 render_redirects(&status.figures.redirects), "warnings", warnings);
}
