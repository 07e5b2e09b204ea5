/* SPDX-License-Identifier: BSD-3-Clause */
/* The checks. Each looks at one thing and adds its findings. */
#pragma once

struct doctor;

/* The checks of the host itself, and those of what the daemon says. */
void doctor_host_check(struct doctor *doctor);
void doctor_edge_check(struct doctor *doctor);
void doctor_pools_check(struct doctor *doctor);

/* What sallyport-hooks has given up, by its file. */
void doctor_letters_check(struct doctor *doctor);
