/* SPDX-License-Identifier: Apache-2.0 */
/* control_peer: owns what the user database says of the callers; knows nothing of sockets and operations. */
#include "daemon/control_peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

enum {
	KEEP_MS = 60000,        /* a user who joins or leaves the group waits no longer than this */
	ENTRIES = 16,           /* people who use one bastion in a minute */
	GROUPS_MAX = 64 * 1024, /* of one user: the kernel's NGROUPS_MAX */
	NAME_SIZE = 64,
};

struct entry {
	bool used, operates;
	uid_t uid;
	int64_t until_ms;
	char name[NAME_SIZE];
};

struct control_peers {
	char *operators;
	bool group_known;
	gid_t group;
	int64_t group_until_ms; /* 0: not looked up yet */
	struct entry entries[ENTRIES];
	size_t next; /* the entry to replace when all are in use */
};

struct control_peers *
control_peers_new(const char *operators)
{
	struct control_peers *peers = mem_new(1, sizeof *peers);

	peers->operators = mem_strdup(operators);
	return peers;
}

void
control_peers_free(struct control_peers *peers)
{
	if (peers == NULL)
		return;
	free(peers->operators);
	free(peers);
}

void
control_peers_configure(struct control_peers *peers, const char *operators)
{
	char *old = peers->operators;

	*peers = (struct control_peers){.operators = mem_strdup(operators)};
	free(old);
}

const char *
control_peers_operators(const struct control_peers *peers)
{
	return peers->operators;
}

/* Does the operators' group exist, and what is its number? */
static bool
find_group(struct control_peers *peers, int64_t now_ms)
{
	const struct group *group;

	if (peers->operators == NULL)
		return false;
	if (peers->group_until_ms > now_ms)
		return peers->group_known;
	group = getgrnam(peers->operators);
	if (group == NULL && (peers->group_known || peers->group_until_ms == 0))
		log_warnx("no group \"%s\" (daemon.operators): only root and kdiagd's user may change things",
		    peers->operators);
	peers->group_known = group != NULL;
	peers->group = group != NULL ? group->gr_gid : 0;
	peers->group_until_ms = now_ms + KEEP_MS;
	return peers->group_known;
}

/* Does the user database put this user into the group? */
static bool
is_member(const struct passwd *user, gid_t group)
{
	int count = 32, room;
	gid_t *groups = NULL;
	bool found = false;

	do {
		room = count;
		groups = mem_resize(groups, (size_t)room, sizeof *groups);
		if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) >= 0)
			break;
		count = count > room ? count : room * 2; /* glibc tells how many there are */
	} while (count <= GROUPS_MAX);
	for (int i = 0; i < count && i < room && !found; i++)
		found = groups[i] == group;
	free(groups);
	return found;
}

static struct entry *
find_entry(struct control_peers *peers, uid_t uid, int64_t now_ms)
{
	struct entry *entry;

	for (size_t i = 0; i < ENTRIES; i++) {
		entry = &peers->entries[i];
		if (entry->used && entry->uid == uid && entry->until_ms > now_ms)
			return entry;
	}
	return NULL;
}

static struct entry *
look_up(struct control_peers *peers, uid_t uid)
{
	int64_t now_ms = clock_mono_ms();
	struct entry *entry = find_entry(peers, uid, now_ms);
	const struct passwd *user;
	bool group_known;

	if (entry != NULL)
		return entry;
	group_known = find_group(peers, now_ms);
	entry = &peers->entries[peers->next];
	peers->next = (peers->next + 1) % ENTRIES;
	*entry = (struct entry){.used = true, .uid = uid, .until_ms = now_ms + KEEP_MS};
	if ((user = getpwuid(uid)) == NULL) {
		snprintf(entry->name, sizeof entry->name, "uid %u", (unsigned)uid);
		return entry;
	}
	snprintf(entry->name, sizeof entry->name, "%s", user->pw_name);
	entry->operates = group_known && is_member(user, peers->group);
	return entry;
}

void
control_peers_name(struct control_peers *peers, uid_t uid, char *buf, size_t size)
{
	snprintf(buf, size, "%s", look_up(peers, uid)->name);
}

bool
control_peers_may_change(struct control_peers *peers, uid_t uid, gid_t gid)
{
	if (uid == 0 || uid == geteuid())
		return true;
	if (find_group(peers, clock_mono_ms()) && gid == peers->group)
		return true;
	return look_up(peers, uid)->operates;
}
