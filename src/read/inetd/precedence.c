/* Decides which entries take effect, after all of them are known.
 *
 * Lines replace each other, also across files. As in every inetd, the last of two lines for one service counts. A line
 * for tcp means both families, but leaves IPv6 to a line for tcp6, because the author of both lines meant one for each
 * family. */
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "read/inetd/entry.h"

void inetd_add(struct reading *reading, const struct inetd_entry *entry)
{
	struct inetd_entries *entries = inetd_entries(reading);

	array_add(entries->list, entries->count, entries->capacity) = *entry;
	inetd_name(&entries->list[entries->count - 1], entries->pool);
}

/* What identifies an entry's socket besides its protocol, families and host. */
static const char *socket_of(const struct inetd_entry *entry)
{
	if (entry->transport == INETD_IP)
		return entry->protocol;
	return entry->address ? entry->address + (entry->address[0] == '+') : entry->service;
}

/* 0: entries of one name ask for the same socket. */
static int compare_sockets(const struct inetd_entry *left, const struct inetd_entry *right)
{
	int order = (int)left->transport - (int)right->transport;

	if (!order)
		order = (int)left->type - (int)right->type;
	return order ? order : strcmp(socket_of(left), socket_of(right));
}

static int compare_by_name_and_socket(const void *a, const void *b)
{
	const struct inetd_entry *left = *(struct inetd_entry *const *)a, *right = *(struct inetd_entry *const *)b;
	int order = strcmp(left->name, right->name);

	if (!order)
		order = compare_sockets(left, right);
	return order ? order : left < right ? -1 : left > right;
}

/* The number of entries, from the first on, with the first one's name. */
static size_t count_same_name(struct inetd_entry **sorted, size_t left)
{
	size_t length = 1;

	while (length < left && !strcmp(sorted[length]->name, sorted[0]->name))
		length++;
	return length;
}

/* The number of entries, from the first on, with the first one's name and socket. */
static size_t count_same_socket(struct inetd_entry **sorted, size_t left)
{
	size_t length = 1, most = count_same_name(sorted, left);

	while (length < most && !compare_sockets(sorted[length], sorted[0]))
		length++;
	return length;
}

/* Entries for different sockets may have the same name: unix sockets in two folders, versions of one RPC program, a
 * service foo-udp over TCP. They get their long names. */
static bool use_long_names(struct inetd_entry **group, size_t length, struct pool *pool)
{
	bool differ = false;

	for (size_t i = 1; i < length; i++)
		differ |= compare_sockets(group[i], group[0]) != 0;
	for (size_t i = 0; differ && i < length; i++)
		inetd_lengthen_name(group[i], pool);
	return differ;
}

/* The entry that takes effect: the last one that is not implied, else the last one. */
static struct inetd_entry *group_winner(struct inetd_entry **group, size_t length)
{
	struct inetd_entry *winner = group[0];

	for (size_t i = 1; i < length; i++) {
		if (!group[i]->is_implied || winner->is_implied)
			winner = group[i];
	}
	return winner;
}

/* An entry that names the families which this entry yields, perhaps an implied one; NULL: none. */
static const struct inetd_entry *find_family_rival(struct inetd_entry **sorted, size_t count,
						   const struct inetd_entry *entry, bool implied)
{
	const char *name = entry->rival;
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(sorted[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && !strcmp(sorted[low]->name, name); low++) {
		if (!sorted[low]->is_dropped && !compare_sockets(sorted[low], entry) &&
		    (implied || !sorted[low]->is_implied))
			return sorted[low];
	}
	return NULL;
}

/* Whether the entry is for both families and the winner replaces it for IPv4 alone. */
static bool keeps_ipv6_half(const struct inetd_entry *entry, const struct inetd_entry *winner)
{
	return entry->yields == INETD_IPV6 && entry->families == (INETD_IPV4 | INETD_IPV6) && !entry->is_implied &&
		winner->families == INETD_IPV4 && !winner->yields && !winner->is_implied;
}

/* The last such entry of a group stays for IPv6, unless another entry has IPv6. In the same way tcp stays for IPv4
 * where there is a line for tcp6. */
static void keep_ipv6_half(struct inetd_entry **group, size_t length, struct inetd_entry **sorted, size_t count,
			   struct diags *diags)
{
	const struct inetd_entry *winner = group_winner(group, length);
	struct buf place = { 0 };

	origin_describe(winner->at, &place);
	for (size_t i = length; i-- > 0;) {
		if (!keeps_ipv6_half(group[i], winner) || find_family_rival(sorted, count, group[i], true))
			continue;
		group[i]->families = INETD_IPV6;
		group[i]->is_dual = false;
		group[i]->is_implied = true;
		diag_note(diags, group[i]->at, "%s: this entry is for IPv6: there is another for IPv4%s",
			  group[i]->name, buf_string(&place));
		break;
	}
	buf_free(&place);
}

/* Whether keep_ipv6_half has reduced the entry to IPv6. */
static bool is_ipv6_half(const struct inetd_entry *entry)
{
	return entry->is_implied && entry->families == INETD_IPV6 && entry->yields == INETD_IPV6;
}

static void drop_others(struct inetd_entry **group, size_t length, struct reading *reading)
{
	const struct inetd_entry *winner = group_winner(group, length);
	struct buf place = { 0 };

	origin_describe(winner->at, &place);
	for (size_t i = 0; i < length; i++) {
		group[i]->is_dropped = group[i] != winner && !is_ipv6_half(group[i]);
		if (group[i] == winner)
			continue;
		reading_note(reading, (struct note){ NOTE_YIELDED, .at = group[i]->at, .to = winner->at });
		if (group[i]->is_implied || winner->is_implied)
			continue;
		diag_warning(reading->diags, group[i]->at,
			     "%s: this entry is left out: there is another for the same socket%s, and the "
			     "last one counts, as with every inetd",
			     group[i]->name, buf_string(&place));
	}
	buf_free(&place);
}

static void yield_family(struct inetd_entry *entry, struct inetd_entry **sorted, size_t count, struct reading *reading)
{
	const struct inetd_entry *rival;

	if (entry->is_dropped || !entry->yields)
		return;
	rival = find_family_rival(sorted, count, entry, false);
	if (!rival)
		return;
	reading_note(reading, (struct note){ NOTE_YIELDED, .at = entry->at, .to = rival->at });
	entry->families &= (uint8_t)~entry->yields;
	entry->is_dual = false;
}

/* Renames such an entry. It comes after the last search, because searches need the old order of names. */
static void rename_ipv6_half(struct inetd_entry *entry)
{
	if (!entry->is_dropped && is_ipv6_half(entry))
		entry->name = entry->rival;
}

static bool is_tcpmux(const struct inetd_entry *entry)
{
	return !entry->is_dropped && entry->transport == INETD_TCP &&
		(!strcmp(entry->service, "tcpmux") || !strcmp(entry->service, "1"));
}

/* Services of tcpmux need an entry for tcpmux itself. superd warns if there is none; for GNU's dialect it adds one. */
static void ensure_tcpmux(struct reading *reading, struct inetd_entries *entries)
{
	const struct inetd_entry *mux = NULL;
	struct inetd_entry answering;

	for (size_t i = 0; i < entries->count; i++) {
		const struct inetd_entry *entry = &entries->list[i];

		if (is_tcpmux(entry))
			return;
		if (!mux && entry->transport == INETD_MUX && !entry->is_dropped)
			mux = entry;
	}
	if (!mux)
		return;
	if (!mux->dialect->adds_tcpmux) {
		diag_warning(reading->diags, mux->at, "%s: no client can reach it, because no entry answers for tcpmux",
			     mux->service);
		diags_hint(reading->diags, "tcpmux stream tcp nowait root internal");
		return;
	}
	diag_warning(reading->diags, mux->at,
		     "%s: an entry for tcpmux is missing and added, as GNU's inetd does: port 1 is open", mux->service);
	answering = inetd_entry_new(mux->dialect, "tcpmux", mux->at);
	answering.transport = INETD_TCP;
	answering.families = INETD_IPV4;
	answering.accepts = true;
	answering.burst = mux->burst;
	answering.instances = answering.per_source = answering.per_source_cpm = UNLIMITED;
	answering.pause = mux->pause;
	answering.protocol = "tcp";
	answering.builtin = "tcpmux";
	inetd_add(reading, &answering);
}

static void apply_to_sorted(struct inetd_entry **sorted, size_t count, struct reading *reading)
{
	bool renamed = false;

	qsort(sorted, count, sizeof(struct inetd_entry *), compare_by_name_and_socket);
	for (size_t i = 0, length; i < count; i += length) {
		length = count_same_name(sorted + i, count - i);
		renamed |= use_long_names(sorted + i, length, inetd_entries(reading)->pool);
	}
	if (renamed)
		qsort(sorted, count, sizeof(struct inetd_entry *), compare_by_name_and_socket);
	for (size_t i = 0, length; i < count; i += length) {
		length = count_same_socket(sorted + i, count - i);
		if (length == 1)
			continue;
		keep_ipv6_half(sorted + i, length, sorted, count, reading->diags);
		drop_others(sorted + i, length, reading);
	}
	for (size_t i = 0; i < count; i++)
		yield_family(sorted[i], sorted, count, reading);
	for (size_t i = 0; i < count; i++)
		rename_ipv6_half(sorted[i]);
}

/* Adds one note, at the first entry that serves IPv6 clients here and not with other inetds. */
static void note_families(const struct inetd_entries *entries, struct diags *diags)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct inetd_entry *entry = &entries->list[i];

		if (entry->is_dropped || !entry->is_bare || !(entry->families & INETD_IPV6) ||
		    entry->dialect != inetd_dialect(COMPAT_NONE))
			continue;
		diag_note(diags, entry->protocol_at,
			  "tcp and udp are IPv4 and IPv6 here, as with Debian's inetd; with FreeBSD, NetBSD, GNU and "
			  "busybox they are IPv4 (see --compat)");
		return;
	}
}

/* Whether the request leaves this entry out, so that an entry which it would replace takes effect. */
static bool drop_unwanted(struct reading *reading, struct inetd_entry *entry)
{
	const struct read_request *request = reading->request;

	for (size_t n = 0; request && n < request->without_count; n++) {
		if (!origin_equal(request->without[n], entry->at))
			continue;
		reading_leave_out(reading, entry->at, entry->name);
		return entry->is_dropped = true;
	}
	return false;
}

void inetd_apply_precedence(struct reading *reading, struct inetd_entries *entries)
{
	struct inetd_entry **sorted = pool_alloc(entries->pool, entries->count * sizeof(struct inetd_entry *));
	size_t count = 0;

	for (size_t i = 0; i < entries->count; i++) {
		if (!drop_unwanted(reading, &entries->list[i]))
			sorted[count++] = &entries->list[i];
	}
	apply_to_sorted(sorted, count, reading);
	ensure_tcpmux(reading, entries);
	note_families(entries, reading->diags);
}
