/* SPDX-License-Identifier: BSD-3-Clause */
/* Who has been connected to a build, as the edge remembers it (edge_notes_knows_guest()). */
#pragma once

struct edge;
struct journal;

/* Has the edge remember whom the audit names, of the builds that it knows. Result: 0 or -errno. */
int watch_guests_load(struct edge *edge, struct journal *audit);
