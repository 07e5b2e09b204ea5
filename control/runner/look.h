/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at all sessions that the daemon has of ours: which VM has which, and which VM is gone. */
#pragma once

struct runner;

/*
 * Takes from the daemon which VM has which session, ends those of VMs whose port has not answered
 * for long, and older ones of a VM that has two. Result: 0, or -EHOSTDOWN and nothing is changed.
 */
int runner_look(struct runner *runner);
