/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What others may see of each kind of document, by the names of its members. A new member of an
 * answer of the API is left out of support bundles until it has its place here.
 */
#pragma once

#include "cli/bundle/redact/redact.h"

/* Answers of the API. */
extern const struct redact_rules redact_rules_version;
extern const struct redact_rules redact_rules_status;
extern const struct redact_rules redact_rules_pools;
extern const struct redact_rules redact_rules_builds; /* a list, or one */
extern const struct redact_rules redact_rules_connect;
extern const struct redact_rules redact_rules_diagnose;
extern const struct redact_rules redact_rules_attestation;
extern const struct redact_rules redact_rules_connections;
extern const struct redact_rules redact_rules_audit;
extern const struct redact_rules redact_rules_events;

/* What doctor finds, and what the table says. */
extern const struct redact_rules redact_rules_doctor;
extern const struct redact_rules redact_rules_table;

/* What other programs print. */
extern const struct redact_rules redact_rules_interfaces; /* ip address */
extern const struct redact_rules redact_rules_routes;
extern const struct redact_rules redact_rules_of_routing;
extern const struct redact_rules redact_rules_neighbours;
extern const struct redact_rules redact_rules_bpf; /* bpftool net, bpftool link */
extern const struct redact_rules redact_rules_journal;
