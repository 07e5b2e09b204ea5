/* SPDX-License-Identifier: BSD-3-Clause */
#include "connect/diagnose.h"

#include <stddef.h>

/*
 * Bytes of TCP payload that stock OpenSSH clients and servers exchange, as measured: a banner is
 * below 300; a key exchange brings both sides beyond 1500; a client that then rejects the host key
 * has sent about 2810, one without a key 2940, one with a wrong key 3070 and more. An sshd that
 * turns a connection away says so in a line of its own before its banner, and closes: since 9.8
 * "Not allowed at this time", before that "Exceeded MaxStartups".
 */
/*
 * A login is told from a refusal by the bytes to the client: a refusal adds 44 to them for each
 * key or password, and sshd takes six (MaxAuthTries); a login is answered with more, at once. Bytes
 * to the VM alone tell nothing, since each key offered and each signature adds to them; they keep
 * apart a VM whose sshd shows a Banner before it asks for keys. The last words of a client, 36 or
 * 72 bytes, are missing where the edge cuts it. Measured with OpenSSH 9.2 of Debian, one ed25519
 * host key:
 *
 *				       to the VM       to the client
 *	no key				    2937		2781
 *	1 key refused: ed25519, ECDSA	    3077, 3141		2825
 *	1 key refused: RSA 2048, 4096	    3309, 3565		2825
 *	3, 4 keys of these refused	    4077, 4281		2913, 2957
 *	6 keys refused, and hung up on	    3629		3145
 *	1, 3, 6 passwords refused	    3021, 3189, 3441	2841, 2945, 3125
 *	12 keys, MaxAuthTries 20	    4617		3309
 *	login -N, cut at once		    3445		3321
 *	login with a command, cut	    3601		3481
 *	login with a shell, cut		    3653		3569
 *	login of "true", ed25519	    3645 to 3681	3561
 *	the same, ECDSA			    3789		3677
 *	the same, RSA 3072, 4096	    4685, 5069		3973, 4101
 *	login behind 3 refused keys	    4361		3745
 *
 * So the marks (diagnose.h): to the client 105 above six refusals, 71 below the smallest login.
 */
#define NOT_ALLOWED_BYTES  26
#define MAX_STARTUPS_BYTES 22
#define KEX_BYTES	   1500
#define AUTH_BYTES	   2870

#define REACHED                                                                                    \
	"The connection reached the VM's sshd and a key exchange completed: the network is fine."

#define EDGE_NEXT "Ask whoever runs this edge: sallyport status and sallyport doctor say more."

static const struct diagnosis diagnoses[] = {
	[DIAGNOSE_ENDED] = {DIAGNOSE_ENDED,
			    "The session of this build has ended, so its port is closed.",
			    NULL,
			    {"Rebuild with SSH for a new session."}},
	[DIAGNOSE_NO_VM] = {DIAGNOSE_NO_VM,
			    "The build has finished without ever having a VM's address: nothing "
			    "can be reached.",
			    NULL,
			    {"Rebuild with SSH.",
			     "Have whoever declares builds give the VM's address while the build "
			     "runs."}},
	[DIAGNOSE_BUILDS_DOWN] =
		{DIAGNOSE_BUILDS_DOWN,
		 "This edge carries nothing now: its own interface towards the VMs, "
		 "builds.interface, is down or has no program.",
		 NULL,
		 {EDGE_NEXT}},
	[DIAGNOSE_PUBLIC_DOWN] =
		{DIAGNOSE_PUBLIC_DOWN,
		 "This edge carries nothing now: its own interface towards clients, "
		 "public.interface, is down or has no program.",
		 NULL,
		 {EDGE_NEXT}},
	[DIAGNOSE_NO_ENGINE] = {DIAGNOSE_NO_ENGINE,
				"This edge carries nothing now: no engine is at work.",
				NULL,
				{EDGE_NEXT}},
	[DIAGNOSE_RESERVED] = {DIAGNOSE_RESERVED,
			       "The VM has not started yet: its address is not known.",
			       NULL,
			       {"Wait until the build runs; host and port will not change."}},
	[DIAGNOSE_REFUSED] = {DIAGNOSE_REFUSED,
			      "This client's address is not on the allow-list of the build.",
			      NULL,
			      {"Connect from an address that is allowed.",
			       "Have the build declared with this address in allow."}},
	[DIAGNOSE_RATE_LIMITED] =
		{DIAGNOSE_RATE_LIMITED,
		 "Within the last minute this port has refused connections by rule: more came than "
		 "limits.syn_per_source or limits.syn_per_lease.",
		 "The attempt was among them: somebody floods the port, or this client dials too "
		 "often.",
		 {"Wait a minute and dial once.",
		  "Have whoever runs the edge look for client.refused among its events."}},
	[DIAGNOSE_NOTHING_ARRIVED] =
		{DIAGNOSE_NOTHING_ARRIVED,
		 "No connection attempt has reached this port.",
		 "A firewall near the client, or a wrong address or port.",
		 {"Compare host and port with the section of the build.",
		  "Try from another network; some let out only certain ports."}},
	[DIAGNOSE_VM_GONE] = {DIAGNOSE_VM_GONE,
			      "The attempt was passed on, but nobody has the VM's address: it "
			      "answers neither ARP nor neighbour discovery.",
			      "The VM has been shut down or has another address.",
			      {"Ask whoever runs the build VMs whether this one is up."}},
	[DIAGNOSE_VM_SILENT] = {DIAGNOSE_VM_SILENT,
				"The attempt was passed on to the VM and nothing has come back.",
				"sshd is not running, or a firewall inside the VM drops the "
				"connection.",
				{"See in the build's output whether sshd has started.",
				 "Rebuild with SSH."}},
	[DIAGNOSE_RETURN_PATH] =
		{DIAGNOSE_RETURN_PATH,
		 "The VM's port answers this edge, but no answer to the client has come through "
		 "it.",
		 "The VM's replies leave by another way than this edge, by its default route; or "
		 "its "
		 "kernel drops what arrives with a wrong checksum.",
		 {"Have the VM's default route lead to this edge.",
		  "On the VM: nstat -az TcpInCsumErrors. If it grows, switch checksum offload off "
		  "where the packets are sent on this host: ethtool -K DEV tx off."}},
	[DIAGNOSE_VM_REFUSED] = {DIAGNOSE_VM_REFUSED,
				 "The VM refused the connection: nothing listens on its port.",
				 NULL,
				 {"See in the build's output whether sshd has started.",
				  "Compare the node's port with what sshd listens on."}},
	[DIAGNOSE_UNCONFIRMED] =
		{DIAGNOSE_UNCONFIRMED,
		 "The VM accepted the attempt, but its client has not answered the VM.",
		 "What the VM sends is lost on the way to the client; or somebody else sent the "
		 "attempt "
		 "in the client's name.",
		 {"Try again, and from another network.",
		  "See whether a firewall near the client drops what comes back."}},
	[DIAGNOSE_NOT_KNOWN] = {DIAGNOSE_NOT_KNOWN,
				"Attempts to connect have reached this port, but none from there "
				"is remembered: too many "
				"came, or the edge was restarted since.",
				"The port is being scanned or flooded.",
				{"Try once more and ask again at once.",
				 "Have the build declared with the client's address in allow."}},
	[DIAGNOSE_TURNED_AWAY] =
		{DIAGNOSE_TURNED_AWAY,
		 "The connection reached the VM, which closed it after the few bytes by which sshd "
		 "turns somebody away before any key is looked at.",
		 "Too many connections came without a login: from this address, which OpenSSH 9.8 "
		 "and "
		 "newer then refuse for a while, with everybody else behind it "
		 "(PerSourcePenalties), "
		 "or from anywhere at once (MaxStartups).",
		 {"Wait ten minutes without trying: penalties and waiting connections end by "
		  "themselves.",
		  "Connect from another address, one that is not shared with those who try.",
		  "Have allow name who may connect, so that scanners do not reach the VM.",
		  "Have the VM's sshd_config exempt the address: PerSourcePenaltyExemptList."}},
	[DIAGNOSE_BANNER_ONLY] = {DIAGNOSE_BANNER_ONLY,
				  "The connection reached the VM, but no key exchange was made.",
				  "What connected is not an ssh client, or gave up early.",
				  {"Use the ssh command of the build's section."}},
	[DIAGNOSE_HOST_KEY] = {DIAGNOSE_HOST_KEY,
			       REACHED,
			       "The client rejected the VM's host key.",
			       {"Use the whole command of the section, with its HostKeyAlias.",
				"Remove an old key: ssh-keygen -R with that alias."}},
	[DIAGNOSE_KEY] = {DIAGNOSE_KEY,
			  REACHED,
			  "The VM did not accept the key that was offered.",
			  {"Ensure that you can authenticate with GitHub or Bitbucket: ssh "
			   "git@github.com.",
			   "Ensure that you authenticate as the correct user, one with access to "
			   "the project.",
			   "Ensure that the build started after you added the key.",
			   "Ensure that the key which authenticates you there is offered here: ssh "
			   "-v.",
			   "Offer it by name: ssh -i."}},
	[DIAGNOSE_LOGIN] = {DIAGNOSE_LOGIN, REACHED, "The login worked.", {0}},
	[DIAGNOSE_CONNECTED] = {DIAGNOSE_CONNECTED,
				"A connection to the VM's sshd is open now.",
				NULL,
				{0}},
};

static const char *const names[] = {
#define X(NAME, name) [DIAGNOSE_##NAME] = #name,
	DIAGNOSE_CASES(X)
#undef X
};

const char *connect_diagnose_case_name(enum diagnose_case verdict)
{
	return names[verdict];
}

/* Of a client whose attempts were passed on and never accepted. */
static enum diagnose_case judge_unanswered(const struct diagnose_facts *facts)
{
	if (facts->reset_by_vm)
		return DIAGNOSE_VM_REFUSED;
	if (!facts->resolved)
		return DIAGNOSE_VM_GONE;
	if (facts->answers_probes && facts->packets_to_client == 0)
		return DIAGNOSE_RETURN_PATH;
	return DIAGNOSE_VM_SILENT;
}

static bool is_turned_away(const struct diagnose_facts *facts)
{
	return facts->bytes_to_client == NOT_ALLOWED_BYTES ||
	       facts->bytes_to_client == MAX_STARTUPS_BYTES;
}

/* Of a connection that was accepted and is over. */
static enum diagnose_case judge_bytes(const struct diagnose_facts *facts)
{
	if (is_turned_away(facts))
		return DIAGNOSE_TURNED_AWAY;
	if (facts->bytes_to_vm < KEX_BYTES || facts->bytes_to_client < KEX_BYTES)
		return DIAGNOSE_BANNER_ONLY;
	if (facts->bytes_to_vm < AUTH_BYTES)
		return DIAGNOSE_HOST_KEY;
	if (facts->bytes_to_vm < DIAGNOSE_LOGIN_TO_VM ||
	    facts->bytes_to_client < DIAGNOSE_LOGIN_TO_CLIENT)
		return DIAGNOSE_KEY;
	return DIAGNOSE_LOGIN;
}

static enum diagnose_case judge_edge(enum diagnose_edge edge)
{
	if (edge == DIAGNOSE_EDGE_BUILDS_DOWN)
		return DIAGNOSE_BUILDS_DOWN;
	return edge == DIAGNOSE_EDGE_PUBLIC_DOWN ? DIAGNOSE_PUBLIC_DOWN : DIAGNOSE_NO_ENGINE;
}

static enum diagnose_case judge(const struct diagnose_facts *facts)
{
	if (facts->session == SESSION_ENDED)
		return DIAGNOSE_ENDED;
	if (!facts->bound)
		return facts->session == SESSION_FINISHED ? DIAGNOSE_NO_VM : DIAGNOSE_RESERVED;
	if (facts->edge != DIAGNOSE_EDGE_WELL)
		return judge_edge(facts->edge);
	if (!facts->allowed)
		return DIAGNOSE_REFUSED;
	if (facts->nr_connections == 0 && facts->limited)
		return DIAGNOSE_RATE_LIMITED;
	if (facts->nr_connections == 0)
		return facts->nr_unknown ? DIAGNOSE_NOT_KNOWN : DIAGNOSE_NOTHING_ARRIVED;
	if (!facts->accepted)
		return judge_unanswered(facts);
	if (!facts->established)
		return DIAGNOSE_UNCONFIRMED;
	return facts->open ? DIAGNOSE_CONNECTED : judge_bytes(facts);
}

const struct diagnosis *connect_diagnose(const struct diagnose_facts *facts)
{
	return &diagnoses[judge(facts)];
}
