/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What others may see of each kind of document, by the names of its members. A new member of an
 * answer of the API is left out of support bundles until it has its place here.
 */
#pragma once

#include "cli/bundle/redact/redact.h"

/* Answers of the API. */
extern const struct redact_rules redact_version;
extern const struct redact_rules redact_status;
extern const struct redact_rules redact_pools;
extern const struct redact_rules redact_builds; /* a list, or one */
extern const struct redact_rules redact_connect;
extern const struct redact_rules redact_diagnose;
extern const struct redact_rules redact_attestation;
extern const struct redact_rules redact_connections;
extern const struct redact_rules redact_audit;
extern const struct redact_rules redact_events;

/* What doctor finds, and what the table says. */
extern const struct redact_rules redact_doctor;
extern const struct redact_rules redact_table;

/* What other programs print. */
extern const struct redact_rules redact_interfaces; /* ip address */
extern const struct redact_rules redact_routes;
extern const struct redact_rules redact_rules_of_routing;
extern const struct redact_rules redact_neighbours;
extern const struct redact_rules redact_bpf; /* bpftool net, bpftool link */
extern const struct redact_rules redact_journal;
