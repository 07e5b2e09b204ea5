/* SPDX-License-Identifier: BSD-3-Clause */
/* Ends of builds that sallyportd tells of: by its clock, or by somebody who asked it directly. */
#pragma once

struct fleet;
struct notice;

/* Notes each id in fleet->owed. Result: 0, -ENOMEM, or what sd-event says. */
int fleet_notice_open(struct fleet *fleet, struct notice **ret_notice);

/* NULL is allowed. */
void fleet_notice_close(struct notice *notice);
