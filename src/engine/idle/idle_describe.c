/* Describes whether a service is idle and since when. The last count of connections was made at the end of an
 * idle_timeout and says nothing of clients that came since; idle_describe_now counts them anew. */
#include "base/clock.h"
#include "engine/idle/idle.h"

#include "engine/drain/former.h"
#include "engine/idle/idle_state.h"

static enum idle_standing standing_of(const struct idle *idle)
{
	switch (idle->phase) {
	case CALM:
		return IDLE_UNUSED;
	case USED:
		return IDLE_USED;
	case REPORTED:
		return IDLE_REPORTED;
	case POSTPONED:
		return IDLE_POSTPONED;
	case FREEZING:
	case CHECKING:
		return IDLE_LETTING_GO;
	case LOOKING:
		return idle->counted <= 0 ? IDLE_UNKNOWN : idle->since > 0 ? IDLE_UNUSED : IDLE_USED;
	default:
		return IDLE_UNKNOWN;
	}
}

/* A frozen service has no struct idle any more. */
static bool describe_sleeper(const struct keeper *keeper, struct idle_account *account)
{
	const struct lifecycle_options *lifecycle = keeper->service->groups->lifecycle;

	if (keeper->state != FROZEN || !keeper->activity || !service_idles(keeper->service))
		return false;
	*account = (struct idle_account){
		.standing = IDLE_FROZEN,
		.timeout = (double)lifecycle->idle_timeout / 1e6,
		.action = lifecycle->idle_action,
		.since = keeper->activity->unused,
	};
	return true;
}

bool idle_describe(const struct keeper *keeper, struct idle_account *account)
{
	const struct idle *idle = keeper->activity ? keeper->activity->idle : NULL;

	if (!idle)
		return describe_sleeper(keeper, account);
	*account = (struct idle_account){
		.standing = standing_of(idle), .timeout = idle->timeout,
		.action = keeper->service->groups->lifecycle->idle_action, .counted = idle->counted,
		.known = idle->counted > 0 && idle->visitors.known, .connections = idle->visitors.connections,
		.since = idle->since,
	};
	return true;
}

/* Counts the connections of all of its sockets. false: the number is not known, or the kernel takes long to tell it. */
static bool count_now(struct keeper *keeper, uint32_t *connections)
{
	struct conn_query query;
	bool known;

	if (!conn_query_init(&query, keeper, keeper->listener_count, NULL))
		return false;
	conn_query_add_listeners(&query, ANY_KIND);
	query.no_probes = true;
	former_spare(&query);
	known = conn_query_now(&query) && conn_query_is_whole(&query);
	*connections = conn_query_sum(&query);
	conn_query_free(&query);
	return known;
}

/* Brings the account in line with a count that was made just now. */
static void correct(const struct idle *idle, struct idle_account *account)
{
	bool used = account->connections > 0;
	enum idle_standing standing = account->standing;

	if (used)
		account->since = 0;
	else if (account->since <= 0 && idle && !idle->looks && idle->phase != DEAF)
		account->since = idle->left;
	if (standing == IDLE_UNKNOWN || standing == IDLE_USED || standing == IDLE_UNUSED)
		account->standing = used ? IDLE_USED : IDLE_UNUSED;
}

bool idle_describe_now(struct keeper *keeper, struct idle_account *account)
{
	uint32_t connections;

	if (!idle_describe(keeper, account))
		return false;
	if (!count_now(keeper, &connections))
		return true;
	account->known = true;
	account->connections = connections;
	account->counted = clock_now();
	correct(keeper->activity->idle, account);
	return true;
}

const char *idle_standing_word(enum idle_standing standing)
{
	static const char *const texts[] = {
		[IDLE_UNKNOWN] = "unknown", [IDLE_USED] = "used", [IDLE_UNUSED] = "unused",
		[IDLE_REPORTED] = "reported", [IDLE_POSTPONED] = "postponed", [IDLE_LETTING_GO] = "letting-go",
		[IDLE_FROZEN] = "frozen",
	};

	return texts[standing];
}
