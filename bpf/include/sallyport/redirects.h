/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Why a frame that the XDP program sent on was not taken by the interface it was to leave by. The
 * helper that redirects knows nothing of it yet, so the verdict of such a frame is "forwarded".
 */
#pragma once

/* X(NAME, name, error, help): error is what the kernel says, 0 for any other. */
#define SP_REDIRECT_LOSSES(X)                                                                      \
	X(DOWN, down, 100, "it is down")                                                           \
	X(UNABLE, unable, 95,                                                                      \
	  "its driver does not send for XDP (a bridge, VLAN or macvlan never does, a veth if its " \
	  "peer has GRO or an XDP program, a tap while it is open)")                               \
	X(TOO_LONG, too_long, 90, "they are longer than its MTU")                                  \
	X(FULL, full, 0, "its queue was full, or its driver failed")

/* ENXIO: the same said by a driver itself, as veth's does before Linux 6.3. */
#define SP_REDIRECT_UNABLE_TOO 6

enum sp_redirect_loss {
#define X(NAME, name, error, help) SP_REDIRECT_##NAME,
	SP_REDIRECT_LOSSES(X)
#undef X
		SP_REDIRECT_LOSSES_NR
};

/* Result: the row of what the kernel said, a positive errno; 0 if it said nothing. */
static inline enum sp_redirect_loss sp_redirect_loss_of(int error)
{
#define X(NAME, name, of, help)                                                                    \
	if (error == of)                                                                           \
		return SP_REDIRECT_##NAME;
	SP_REDIRECT_LOSSES(X)
#undef X
	return error == SP_REDIRECT_UNABLE_TOO ? SP_REDIRECT_UNABLE : SP_REDIRECT_FULL;
}
