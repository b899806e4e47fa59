/* Finds units that belong together: requested sockets, their services, further sockets that those name, and the
 * services that any of them needs.
 *
 * A socket names its service or has the same name. A service may name further sockets. Both names may be aliases. So
 * all sockets of a service are known only after the last source. They have the order of the request, and the further
 * ones are sorted by name.
 *
 * A service that a unit names is a need of that unit, so that of a socket is the socket's (the options `requires`,
 * `wants`, and those of sockets). It is read along if the sources do not name it. After= and Before= between the two
 * say whether one waits for the other; between units of which none needs the other they mean nothing. Sockets are open
 * as long as superd runs, so nothing must start one. Targets and slices run nothing, and mean nothing here. */
#include "read/systemd/internal.h"

void units_request(struct reading *reading, struct unit *unit, const char *folder, bool by_name)
{
	struct units *asked = units_of(reading);

	if (unit->is_requested)
		return;
	unit->is_requested = true;
	array_add(asked->list, asked->count, asked->capacity) = (struct requested_unit){ unit, folder, by_name };
	reading->pending++;
}

/* A valid name of a unit without its suffix. */
static const char *without_suffix(struct units *asked, const char *name)
{
	return pool_text_n(asked->pool, name, (size_t)(strrchr(name, '.') - name));
}

static struct unit_pairing *add_pairing(struct units *asked, struct unit *service, const char *folder,
					const char *name, bool accepts)
{
	struct unit_pairing *pair = pool_alloc(asked->pool, sizeof(*pair));

	*pair = (struct unit_pairing){ .service = service, .folder = folder, .name = name, .accepts = accepts };
	array_add(asked->pairs, asked->pair_count, asked->pair_capacity) = pair;
	if (service && !accepts)
		service->pair = pair;
	return pair;
}

static void add_socket(struct unit_pairing *pair, struct unit *socket)
{
	array_add(pair->sockets, pair->count, pair->capacity) = socket;
	socket->pair = pair;
}

/* Whether a service is skipped already, because of another of its files. */
static bool is_skipped(const struct table *table, const char *name)
{
	for (size_t n = 0; n < table->skipped_count; n++) {
		if (table->skipped[n].name && !strcmp(table->skipped[n].name, name))
			return true;
	}
	return false;
}

void units_leave_out(struct reading *reading, const char *name, struct origin at, size_t first)
{
	struct diags *diags = reading->diags;
	bool any = is_skipped(reading->table, name);

	for (size_t n = first; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];
		unsigned start = diag->line > 0;        /* 0: the error is about a file that is not there */
		const char *file;

		if (diag->severity != SEVERITY_ERROR || !diag->file)
			continue;
		file = pool_text(reading->table->pool, diag->file);
		table_skip(reading->table, (struct origin){ file, start, start }, name)->is_part = any;
		any = true;
	}
	if (!any)
		reading_skip(reading, at, name);
}

/* Skips the service of this name because of the errors since diagnostic `first`. */
static void skip_service(struct reading *reading, const char *name, struct origin at, size_t first, bool by_name)
{
	units_leave_out(reading, name, at, first);
	if (!by_name)
		reading_add_role(reading, (struct source_role){ ROLE_ALONE, .name = name });
}

/* The service that a socket activates. If it failed, the name is a likely one: superd reports the mistakes of both. */
struct target {
	struct origin at;               /* of Service, or the start of the socket's file */
	bool accepts, failed;
	const char *name;               /* of the service */
};

/* The name of the service that a socket starts if it has no Service=. */
static const char *usual_service(struct reading *reading, const struct unit *socket, bool accepts)
{
	return pool_textf(units_of(reading)->pool, "%s%s.service",
			  accepts ? socket->prefix : without_suffix(units_of(reading), socket->name),
			  accepts ? "@" : "");
}

static struct target read_target(struct reading *reading, const struct unit *socket)
{
	const struct unit_assignment *accept = unit_last(socket, "Socket", "Accept");
	const struct unit_assignment *service = unit_last(socket, "Socket", "Service");
	struct unit_builder builder = { .reading = reading, .pool = units_of(reading)->pool };
	struct target target = { .at = service ? unit_place(service, 0) : unit_start(socket) };
	const char *wrong = NULL;

	unit_builder_turn(&builder, socket);
	if (service)
		target.name = unit_value(&builder, service);
	target.failed = service && !target.name;
	if (accept && scan_bool(accept->value, &target.accepts))
		target.failed = !reading_refuse(reading, unit_place(accept, 0), "Accept: expected yes or no");
	if (!unit_listens(socket))
		target.failed = !reading_refuse(reading, unit_start(socket),
						"there is nothing to listen on: [Socket] has no ListenStream, nor "
						"another key of its kind");
	if (target.name && target.accepts)
		wrong = "Service goes with Accept=no: with Accept=yes each connection has an instance of the template "
			"that is called as the socket";
	else if (target.name && (!unit_name_has_suffix(target.name, ".service") || !unit_name_is_valid(target.name) ||
				 unit_name_is_template(target.name)))
		wrong = "Service: expected the name of a unit, NAME.service or NAME@INSTANCE.service";
	if (wrong)
		target.failed = !reading_refuse(reading, target.at, "%s", wrong);
	if (wrong || !target.name)
		target.name = usual_service(reading, socket, target.accepts);
	return target;
}

/* The service of a socket. NULL: reported, or masked. */
static struct unit *find_service(struct reading *reading, const struct requested_unit *asked, struct target *target)
{
	bool failed = false;
	struct unit *service = unit_find(reading, asked->folder, target->name, &failed);
	const char *other;

	if (service && service->is_masked && !target->failed) {
		diag_warning(reading->diags, target->at, "%s is masked: %s is skipped", target->name,
			     asked->unit->name);
	} else if (!service && !failed && !target->failed) {
		diag_error(reading->diags, target->at, "%s: there is no such unit to start", target->name);
		/* A common mistake is a template where Accept=no needs a plain service, or the other way round. */
		other = usual_service(reading, asked->unit, !target->accepts);
		if (unit_find(reading, asked->folder, other, &failed))
			diags_hint(reading->diags, "there is %s, which goes with Accept=%s", other,
				   target->accepts ? "no" : "yes");
	}
	if (!service)
		target->failed = true;
	return service && !service->is_masked ? service : NULL;
}

/* A socket without a service becomes a pair too, so that superd reports the mistakes of the socket itself. */
static void pair_socket(struct reading *reading, const struct requested_unit *asked, struct target target, size_t first)
{
	struct units *all = units_of(reading);
	struct unit *service = find_service(reading, asked, &target);
	struct unit_pairing *pair = service && !target.accepts ? service->pair : NULL;
	const char *named = target.accepts ? asked->unit->name : service ? service->name : target.name;
	const char *name = without_suffix(all, named);

	if (target.failed)
		skip_service(reading, name, unit_start(asked->unit), first, asked->by_name);
	else if (!service)
		return;
	if (!pair)
		pair = add_pairing(all, service, asked->folder, name, target.accepts);
	add_socket(pair, asked->unit);
	pair->by_name |= asked->by_name;
	pair->has_failed |= target.failed;
}

/* A requested service also gets the socket of the same name, if that activates it. With Accept=yes, or another Service,
 * the socket is a way of its own to run. */
static void pair_service(struct reading *reading, const struct requested_unit *asked)
{
	struct units *all = units_of(reading);
	struct unit_pairing *pair = asked->unit->pair;
	const char *own = without_suffix(all, asked->unit->name);
	size_t first = reading->diags->count;
	bool failed = false;

	if (!pair) {
		const char *name = pool_textf(all->pool, "%s.socket", own);
		struct unit *socket = unit_find(reading, asked->folder, name, &failed);

		if (socket && !socket->is_masked && !socket->pair) {
			struct target target = read_target(reading, socket);
			bool unread = false;

			if (target.failed ||
			    unit_find(reading, asked->folder, target.name, &unread) == asked->unit)
				pair_socket(reading,
					    &(struct requested_unit){ socket, asked->folder, asked->by_name }, target,
					    first);
			else
				diag_note(reading->diags, unit_start(socket), "not read: it leads to %s, not to %s",
					  target.name, asked->unit->name);
		}
		pair = asked->unit->pair;
	}
	if (failed)
		skip_service(reading, own, unit_start(asked->unit), first, asked->by_name);
	else if (!pair)
		pair = add_pairing(all, asked->unit, asked->folder, own, false);
	if (pair)
		pair->by_name |= asked->by_name;
}

/* Further sockets. */

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds a socket that the service names in Sockets=, unless it leads to another, whose restrictions its clients have. */
static void add_named_socket(struct reading *reading, struct unit_pairing *pair, const char *name, struct origin at)
{
	bool failed = false;
	bool is_name = unit_name_has_suffix(name, ".socket") && !unit_name_is_template(name);
	struct unit *socket = is_name ? unit_find(reading, pair->folder, name, &failed) : NULL, *other;
	struct target target;

	if (!socket && !failed)
		diag_error(reading->diags, at, "Sockets: there is no socket %s", name);
	pair->has_failed |= !socket;
	if (!socket || socket->pair == pair || socket->is_masked)
		return;
	target = read_target(reading, socket);
	other = unit_find(reading, pair->folder, target.name, &failed);
	pair->has_failed |= target.failed || failed;
	if (!socket->pair && !target.accepts && (!other || other == pair->service))
		add_socket(pair, socket);
	else
		pair->has_failed = !reading_refuse(reading, at, "Sockets: %s leads to another service, and superd "
								"passes a socket to one", name);
}

static void add_further_sockets(struct reading *reading, struct unit_pairing *pair)
{
	struct unit_builder builder = { .reading = reading, .pool = units_of(reading)->pool };
	size_t first = reading->diags->count;
	struct word_list list;

	unit_builder_turn(&builder, pair->service);
	list = unit_collect(&builder, "Service", "Sockets", COLLECT_WORDS);
	if (list.count)
		qsort(list.words, list.count, sizeof(*list.words), compare_words);
	for (size_t n = 0; n < list.count; n++)
		add_named_socket(reading, pair, list.words[n], list.at);
	pair->has_failed |= list.failed;
	if (pair->has_failed)
		units_leave_out(reading, pair->name, unit_start(pair->service), first);
	word_list_free(&list);
}

/* Needs. */

/* Keys whose units are started, and the folders beside a unit that mean the same. */
static const struct {
	const char *key, *folder;
	unsigned kind;
} starting[] = {
	{ "Requires", ".requires", NEED_REQUIRED },
	{ "BindsTo", NULL, NEED_REQUIRED },
	{ "Wants", ".wants", NEED_WANTED },
	{ "Upholds", ".upholds", NEED_WANTED },
};

static bool is_own(const struct unit_pairing *pair, const char *name)
{
	bool found = pair->service && !strcmp(pair->service->name, name);

	for (size_t n = 0; n < pair->count; n++)
		found |= !strcmp(pair->sockets[n]->name, name);
	return found;
}

/* Units that run nothing, and those of the pair itself. */
static bool means_nothing(const struct unit_pairing *pair, const char *name)
{
	return is_own(pair, name) || unit_name_has_suffix(name, ".target") || unit_name_has_suffix(name, ".slice");
}

/* The pair that has this unit, with a service; NULL: none. It may have been read from another folder. */
static struct unit_pairing *find_pair(const struct units *asked, const char *name)
{
	for (size_t n = 0; n < asked->pair_count; n++) {
		if (asked->pairs[n]->service && is_own(asked->pairs[n], name))
			return asked->pairs[n];
	}
	return NULL;
}

/* The pair of a unit that another names, which is read along if need be. NULL: superd starts no such unit, or could not
 * read it, and *failed is true (reported). */
static struct unit_pairing *find_or_pull(struct unit_builder *builder, const char *folder, const char *key,
					 const char *name, struct origin at, bool *failed)
{
	struct units *asked = units_of(builder->reading);
	struct unit_pairing *found = find_pair(asked, name);
	size_t first = builder->reading->diags->count;
	bool is_service = unit_name_has_suffix(name, ".service");
	struct unit *unit = NULL;

	if (!found && unit_name_is_valid(name) && !unit_name_is_template(name))
		unit = unit_find(builder->reading, folder, name, failed);
	if (*failed)
		skip_service(builder->reading, without_suffix(asked, name), at, first, false);
	if (unit)                       /* it may be known by another name */
		found = find_pair(asked, unit->name);
	if (unit && !found && is_service && !unit->is_masked) {
		pair_service(builder->reading, &(struct requested_unit){ unit, folder, false });
		*failed = !unit->pair;
		if (unit->pair) {
			unit->pair->is_pulled = true;
			diag_note(builder->reading->diags, at,
				  "%s: superd starts a %s of its own, beside one that systemd may run", key, name);
			builder->reading->pending++;
		}
		return unit->pair;
	}
	if (found || *failed)
		return found;
	if (unit && unit->is_masked)
		unit_warn(builder, at, "%s: %s is masked, and is not started", key, name);
	else if (is_service)
		unit_warn(builder, at, "%s: there is no %s to start", key, name);
	else if (unit_name_has_suffix(name, ".socket"))
		unit_warn(builder, at, "%s: superd does not open %s: name it too, with -f", key, name);
	else
		unit_warn(builder, at, "%s: superd starts no units as %s", key, name);
	return NULL;
}

/* Whether a key of this unit, After or Before, names the other one. What is wrong with the key costs the order
 * alone. */
static bool orders(struct unit_builder *builder, const struct unit *unit, const char *key, const struct unit *other,
		   const char *also)
{
	struct diags unheard = { 0 }, *diags = builder->reading->diags;
	struct word_list list;
	bool found = false;

	unit_builder_turn(builder, unit);
	builder->reading->diags = &unheard;
	list = unit_collect(builder, "Unit", key, COLLECT_WORDS);
	builder->reading->diags = diags;
	for (size_t n = 0; n < list.count && !found; n++)
		found = !strcmp(list.words[n], other->name) || !strcmp(list.words[n], also);
	word_list_free(&list);
	diags_free(&unheard);
	return found;
}

/* Adds a need of builder->unit, which names the needed service so. Where both orders are said, which is a ring, what is
 * needed comes first. */
static void add_need(struct unit_builder *builder, struct unit_pairing *own, struct unit_need need, const char *name)
{
	const struct unit *needed = need.needed->service, *unit = need.by;

	for (size_t n = 0; n < own->need_count; n++) {
		if (own->needs[n].needed != need.needed || own->needs[n].by != unit)
			continue;
		if (need.kinds & NEED_REQUIRED)
			own->needs[n].kinds = (own->needs[n].kinds & ~(unsigned)NEED_WANTED) | NEED_REQUIRED;
		return;
	}
	/* The other way round it starts beside the unit, too: it waits itself if it needs the unit. */
	if (!orders(builder, unit, "After", needed, name) && !orders(builder, needed, "Before", unit, unit->name))
		need.kinds |= NEED_IS_BESIDE;
	unit_builder_turn(builder, unit);
	array_add(own->needs, own->need_count, own->need_capacity) = need;
}

/* Notes what builder->unit needs of the units that a key, or a folder, names. A socket is opened when superd starts, so
 * a service that it needs starts then. */
static void find_needs_of_key(struct unit_builder *builder, struct unit_pairing *own, size_t row)
{
	struct word_list list = unit_collect(builder, "Unit", starting[row].key, COLLECT_WORDS);

	if (starting[row].folder)
		unit_listed_names(builder->reading, own->folder, builder->unit, starting[row].folder, &list);
	for (size_t n = 0; n < list.count; n++) {
		const char *name = list.words[n];
		struct unit_pairing *found = NULL;
		bool failed = false;

		if (!means_nothing(own, name))
			found = find_or_pull(builder, own->folder, starting[row].key, name, list.places[n], &failed);
		own->has_failed |= failed && starting[row].kind == NEED_REQUIRED;
		if (!found || found == own || !unit_name_has_suffix(name, ".service"))
			continue;
		found->boots |= builder->unit != own->service;
		found->is_needed = true;
		add_need(builder, own, (struct unit_need){ found, builder->unit, starting[row].kind, list.places[n] },
			 name);
	}
	own->has_failed |= list.failed;
	word_list_free(&list);
}

/* Tells what superd does not do for other units. A service with a namespace of its own shares it with another by
 * joining alone: their network, or their files in /tmp. So that is refused. */
static void tell_of_units(struct unit_builder *builder)
{
	struct key_list known = key_list(&unit_keys_unit);
	static const char *const shared[] = { "PrivateNetwork", "PrivateTmp", "PrivateIPC" };
	bool is_apart = false;

	for (size_t n = 0; n < sizeof(shared) / sizeof(*shared); n++)
		is_apart |= unit_bool(builder, "Service", shared[n], false);
	for (size_t n = 0; n < known.count; n++) {
		const struct key_row *key = &known.list[n];
		bool joins = !strcmp(key->name, "JoinsNamespaceOf");
		struct word_list list = { 0 };

		if (key->form == FORM_UNITS && key->reason)
			list = unit_collect(builder, "Unit", key->name, COLLECT_WORDS);
		for (size_t i = 0; i < list.count; i++) {
			if (!means_nothing(builder->pair, list.words[i]))
				diags_add(builder->reading->diags,
					  joins && is_apart ? reading_lack(builder->reading) : SEVERITY_WARNING,
					  list.places[i], "%s=%s: %s", key->name, list.words[i], key->reason);
		}
		word_list_free(&list);
	}
}

/* Finds what the units of a pair need, and reads such services along. */
static void find_needs(struct reading *reading, struct unit_pairing *own)
{
	struct unit_builder builder = { .reading = reading, .pool = units_of(reading)->pool, .pair = own };

	for (size_t n = 0; own->service && n <= own->count; n++) {
		unit_builder_turn(&builder, n ? own->sockets[n - 1] : own->service);
		for (size_t row = 0; row < sizeof(starting) / sizeof(*starting); row++)
			find_needs_of_key(&builder, own, row);
		tell_of_units(&builder);
	}
}

void units_pair(struct reading *reading)
{
	struct units *asked = units_of(reading);

	for (size_t n = 0; n < asked->count; n++) {
		size_t first = reading->diags->count;

		if (!strcmp(asked->list[n].unit->suffix, "socket"))
			pair_socket(reading, &asked->list[n], read_target(reading, asked->list[n].unit), first);
	}
	for (size_t n = 0; n < asked->count; n++) {
		if (!strcmp(asked->list[n].unit->suffix, "service"))
			pair_service(reading, &asked->list[n]);
	}
	for (size_t n = 0; n < asked->pair_count; n++)          /* which may add pairs */
		find_needs(reading, asked->pairs[n]);
	for (size_t n = 0; n < asked->pair_count; n++) {
		if (asked->pairs[n]->service && !asked->pairs[n]->accepts)
			add_further_sockets(reading, asked->pairs[n]);
	}
}

/* Sets an option to the needs of builder->unit of these kinds; at the first of them. */
static void set_needs(struct unit_builder *builder, const char *option, unsigned kinds)
{
	struct word_list list = { 0 };

	for (size_t n = 0; n < builder->pair->need_count; n++) {
		const struct unit_need *need = &builder->pair->needs[n];

		if (need->by != builder->unit || !(need->kinds & kinds))
			continue;
		word_list_add(&list, need->needed->name, need->at);
		if (!list.at.file)
			list.at = need->at;
	}
	if (list.count)
		unit_set_list(builder, option, &list);
	word_list_free(&list);
}

/* Nothing waits for what comes after a socket either: that is open before any service starts. */
void unit_build_socket_needs(struct unit_builder *builder)
{
	set_needs(builder, "socket_wants", NEED_WANTED);
	set_needs(builder, "socket_requires", NEED_REQUIRED);
	set_needs(builder, "socket_beside", NEED_IS_BESIDE);
}

void unit_build_needs(struct unit_builder *builder)
{
	const struct unit_pairing *pair = builder->pair;
	const struct unit_assignment *assignment;
	const char *start = "boot";
	bool stops;

	unit_builder_turn(builder, pair->service);
	set_needs(builder, "wants", NEED_WANTED);
	set_needs(builder, "requires", NEED_REQUIRED);
	set_needs(builder, "beside", NEED_IS_BESIDE);
	if (pair->count) {
		if (pair->boots && !pair->accepts)
			unit_set(builder, "start", "boot", unit_start(pair->service));
		return;
	}
	assignment = unit_assigned(builder, "Unit", "StopWhenUnneeded");
	stops = unit_bool(builder, "Unit", "StopWhenUnneeded", false);
	if (stops && (pair->boots || !pair->is_needed))
		unit_warn(builder, unit_assignment_at(builder, assignment),
			  "StopWhenUnneeded: %s, so it runs as long as superd",
			  pair->boots ? "a socket needs it" : "no unit of the configuration needs it");
	if (!pair->boots && (pair->is_pulled || (stops && pair->is_needed)))
		start = stops ? "wanted" : "manual";
	unit_set(builder, "start", start, unit_assignment_at(builder, assignment));
}
