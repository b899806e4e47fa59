/* What rpcbind lists, from any bytes: the first byte says what it answers to the calls that follow. libtirpc decodes
 * the list. superd-rpc withdraws only its own mapping, and its messages are lines of visible text, since any user of
 * the machine may have registered what they repeat. */
#include <netconfig.h>
#include <rpc/rpc.h>
#include <rpc/rpcb_clnt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "rpc/registration.h"

#define PROGRAM 100001

static struct {
	const uint8_t *bytes;
	size_t size;
	unsigned answers;               /* bits: whether the next calls succeed */
	unsigned sets, unsets;
} rpcbind;

int __wrap_access(const char *path, int mode);
struct netconfig *__wrap_getnetconfigent(const char *name);
void __wrap_freenetconfigent(struct netconfig *config);
rpcblist *__wrap_rpcb_getmaps(const struct netconfig *config, const char *host);
bool_t __wrap_rpcb_set(rpcprog_t program, rpcvers_t version, const struct netconfig *config,
		       const struct netbuf *address);
bool_t __wrap_rpcb_unset(rpcprog_t program, rpcvers_t version, const struct netconfig *config);

int __wrap_access(const char *path, int mode)
{
	(void)path, (void)mode;
	return 0;
}

struct netconfig *__wrap_getnetconfigent(const char *name)
{
	static struct netconfig config;
	static char text[3][16];

	snprintf(text[0], sizeof(text[0]), "%s", name);
	snprintf(text[1], sizeof(text[1]), "%s", strchr(name, '6') ? "inet6" : "inet");
	snprintf(text[2], sizeof(text[2]), "%.3s", name);
	config = (struct netconfig){ .nc_netid = text[0], .nc_protofmly = text[1], .nc_proto = text[2] };
	config.nc_semantics = name[0] == 'u' ? NC_TPI_CLTS : NC_TPI_COTS_ORD;
	return &config;
}

void __wrap_freenetconfigent(struct netconfig *config)
{
	(void)config;
}

static bool next_answer(void)
{
	bool answer = rpcbind.answers & 1;

	rpcbind.answers >>= 1;
	if (!answer)
		rpc_createerr.cf_stat = rpcbind.answers & 1 ? RPC_SUCCESS : RPC_TIMEDOUT;
	return answer;
}

rpcblist *__wrap_rpcb_getmaps(const struct netconfig *config, const char *host)
{
	rpcblist_ptr list = NULL;
	char *copy = malloc(rpcbind.size + 1);
	XDR stream;

	(void)config, (void)host;
	require(copy);
	memcpy(copy, rpcbind.bytes, rpcbind.size);
	xdrmem_create(&stream, copy, (unsigned)rpcbind.size, XDR_DECODE);
	if (!xdr_rpcblist_ptr(&stream, &list)) {
		xdr_free((xdrproc_t)(void (*)(void))xdr_rpcblist_ptr, (char *)&list);
		list = NULL;
		rpc_createerr.cf_stat = RPC_CANTDECODERES;
	}
	xdr_destroy(&stream);
	free(copy);
	return list;
}

bool_t __wrap_rpcb_set(rpcprog_t program, rpcvers_t version, const struct netconfig *config,
		       const struct netbuf *address)
{
	require(program == PROGRAM && version >= 1 && version <= 2 && config && address->len);
	rpcbind.sets++;
	return next_answer();
}

bool_t __wrap_rpcb_unset(rpcprog_t program, rpcvers_t version, const struct netconfig *config)
{
	require(program == PROGRAM && version >= 1 && version <= 2 && config);
	rpcbind.unsets++;
	return next_answer();
}

/* Returns what it printed; free() it. */
static char *apply(const struct rpc_request *request, enum registration_result *result)
{
	FILE *errors = stderr;
	char *text = NULL;
	size_t length;

	stderr = open_memstream(&text, &length);
	require(stderr);
	*result = registration_apply(request);
	fclose(stderr);
	stderr = errors;
	require(text && strlen(text) == length);
	return text;
}

static void check_text(const char *text)
{
	size_t lines = 0;

	for (const char *at = text; *at; at++) {
		require(*at == '\n' || (*at >= ' ' && *at <= '~'));
		lines += *at == '\n';
	}
	require(lines <= 2 * 4 + 1 && (!*text || text[strlen(text) - 1] == '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpc_request request = {
		.program = PROGRAM, .lowest = 1, .highest = 2, .transports = { true, false, true }, .port = 8000,
	};
	enum registration_result result;
	char *text;

	if (size < 2 || size > 8192)
		return 0;
	request.set = data[0] & 1;
	memset(&rpcbind, 0, sizeof(rpcbind));
	rpcbind.answers = data[1];
	rpcbind.bytes = data + 2;
	rpcbind.size = size - 2;
	text = apply(&request, &result);
	check_text(text);
	require(request.set || !rpcbind.sets);
	require((result == REGISTRATION_DONE) <= (request.set ? rpcbind.unsets <= 4 : rpcbind.sets == 0));
	free(text);
	return 0;
}
