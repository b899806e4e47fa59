/* Applies the keys of NetBSD's notation: the fields of a line under other names, and two more limits.
 *
 * Keys come in any order, and some depend on others. So all keys are read before any is applied. */
#include <string.h>

#include "read/inetd/netbsd.h"

static const struct key_row keys[] = {
	{ "accept_max acceptfilter args bind exec group ip_max ipsec protocol recvbuf service_max sndbuf socktype user "
	  "wait", KEY_DONE, .option = NULL },
};

const struct key_table inetd_keys = { NATIVE, NULL, NULL, keys, sizeof(keys) / sizeof(*keys) };

static const char *key_name(enum inetd_key key)
{
	return key_list(&inetd_keys).list[key].name;
}

/* The one value of a key. NULL: the key is not there, or it has no value or several, which is reported and sets *ok to
 * false. */
static const struct inetd_word *one_value(struct inetd_netbsd *netbsd, enum inetd_key key, bool *ok)
{
	if (!netbsd->keys[key].is_set)
		return NULL;
	if (netbsd->keys[key].count == 1)
		return &netbsd->values.words[netbsd->keys[key].first];
	*ok = inetd_refuse(netbsd->inetd, netbsd->keys[key].at, "%s: %s needs one value", netbsd->entry->service,
			   key_name(key));
	return NULL;
}

static bool refuse_missing(struct inetd_netbsd *netbsd, enum inetd_key key)
{
	return inetd_refuse(netbsd->inetd, netbsd->entry->at, "%s: %s is missing", netbsd->entry->service,
			    key_name(key));
}

static bool apply_socket(struct inetd_netbsd *netbsd)
{
	bool ok = true;
	struct inetd_entry *entry = netbsd->entry;
	const struct inetd_word *protocol = one_value(netbsd, KEY_PROTOCOL, &ok),
				*type = one_value(netbsd, KEY_SOCKTYPE, &ok);
	const struct inetd_word *send = one_value(netbsd, KEY_SNDBUF, &ok),
				*receive = one_value(netbsd, KEY_RECVBUF, &ok);
	const char *inferred = !protocol	     ? NULL
		: !strncmp(protocol->text, "udp", 3) ? "dgram"
		: !strncmp(protocol->text, "tcp", 3) ? "stream"
						     : NULL;

	if (!ok)
		return false;
	if (!protocol)
		return refuse_missing(netbsd, KEY_PROTOCOL);
	if (!type && !inferred)
		return refuse_missing(netbsd, KEY_SOCKTYPE);
	if (netbsd->keys[KEY_ACCEPTFILTER].count)
		return inetd_refuse(netbsd->inetd, netbsd->keys[KEY_ACCEPTFILTER].at,
				    "%s: accept filters are not available on this system", entry->service);
	if (netbsd->keys[KEY_IPSEC].count && netbsd->values.words[netbsd->keys[KEY_IPSEC].first].text[0])
		return inetd_refuse(netbsd->inetd, netbsd->keys[KEY_IPSEC].at,
				    "%s: IPsec policies are not available on this system", entry->service);
	return inetd_take_type(netbsd->inetd, entry, type ? type->text : inferred, type ? type->at : protocol->at) &&
		inetd_take_protocol(netbsd->inetd, entry, protocol->text, protocol->at) &&
		(!send || inetd_take_buffer(netbsd->inetd, entry, true, send->text, send->at)) &&
		(!receive || inetd_take_buffer(netbsd->inetd, entry, false, receive->text, receive->at));
}

/* Reads a limit. With 0 nothing is ever started. */
static bool read_limit(struct inetd_netbsd *netbsd, enum inetd_key key, int64_t *number)
{
	bool ok = true;
	const struct inetd_word *word = one_value(netbsd, key, &ok);

	if (!word)
		return ok;
	if (!inetd_number(word->text, INT32_MAX, number))
		return inetd_refuse(netbsd->inetd, word->at, "%s: %s = %s: expected a number", netbsd->entry->service,
				    key_name(key), word->text);
	if (*number)
		return true;
	if (key == KEY_SERVICE_MAX && netbsd->inetd->dialect->zero_is_never) {
		inetd_set_none(netbsd->inetd, netbsd->entry, word->at);
		return true;
	}
	*number = INETD_UNSAID;
	if (key == KEY_IP_MAX && netbsd->inetd->dialect->zero_is_never) {
		netbsd->entry->nobody = true;
		diag_warning(netbsd->inetd->reading->diags, word->at,
			     "%s: ip_max = 0 starts no server: clients are refused", netbsd->entry->service);
		return true;
	}
	netbsd->entry->never = true;
	netbsd->entry->wait_at = word->at;
	diag_warning(netbsd->inetd->reading->diags, word->at,
		     "%s: %s = 0 starts nothing: it is checked and left closed", netbsd->entry->service,
		     key_name(key));
	return true;
}

static bool apply_limits(struct inetd_netbsd *netbsd)
{
	struct inetd_entry *entry = netbsd->entry;
	bool ok = true, internal = !netbsd->keys[KEY_EXEC].is_set;
	const struct inetd_word *wait = one_value(netbsd, KEY_WAIT, &ok), *exec = one_value(netbsd, KEY_EXEC, &ok);

	if (!ok)
		return false;
	internal |= exec && !strcmp(exec->text, "internal");
	if (!wait && !internal)
		return refuse_missing(netbsd, KEY_WAIT);
	entry->wait_at = wait ? wait->at : entry->at;
	if (wait && strcmp(wait->text, "yes") && strcmp(wait->text, "no"))
		return inetd_refuse(netbsd->inetd, wait->at, "%s: wait is yes or no, not '%s'", entry->service,
				    wait->text);
	entry->accepts = wait ? !strcmp(wait->text, "no") : entry->type != INETD_DGRAM;
	return read_limit(netbsd, KEY_SERVICE_MAX, &entry->burst) &&
		read_limit(netbsd, KEY_IP_MAX, &entry->per_source_cpm) &&
		read_limit(netbsd, KEY_ACCEPT_MAX, &entry->instances);
}

static bool apply_program(struct inetd_netbsd *netbsd)
{
	struct inetd_entry *entry = netbsd->entry;
	const struct inetd_word internal = { .text = "internal", .at = entry->at };
	bool ok = true;
	const struct inetd_word *user = one_value(netbsd, KEY_USER, &ok), *group = one_value(netbsd, KEY_GROUP, &ok);
	const struct inetd_word *exec = one_value(netbsd, KEY_EXEC, &ok), *arguments;

	if (!ok)
		return false;
	if (!user)
		return refuse_missing(netbsd, KEY_USER);
	if (!user->text[0])
		return inetd_refuse(netbsd->inetd, user->at, "%s: '' names no user", entry->service);
	entry->user = user->text;
	entry->user_at = user->at;
	entry->group = group ? group->text : NULL;
	arguments = netbsd->values.words + netbsd->keys[KEY_ARGS].first;
	return inetd_take_program(netbsd->inetd, entry, exec ? exec : &internal, arguments,
				  netbsd->keys[KEY_ARGS].count);
}

bool inetd_netbsd_apply(struct inetd_netbsd *netbsd, const char *field, struct origin at)
{
	bool ok = true;
	const struct inetd_word *bind = one_value(netbsd, KEY_BIND, &ok);
	const char *hosts = NULL;

	if (!ok || !apply_socket(netbsd) || !inetd_take_address(netbsd->inetd, netbsd->entry, field, at, &hosts) ||
	    !apply_limits(netbsd) || !apply_program(netbsd))
		return false;
	if (bind && hosts)
		return inetd_refuse(netbsd->inetd, bind->at,
				    "%s: bind is set twice: there is a host before the service",
				    netbsd->entry->service);
	return inetd_expand(netbsd->inetd, netbsd->entry, bind ? bind->text : hosts, bind ? bind->at : at);
}
