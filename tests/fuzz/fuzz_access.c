/* Values of the options of who may come and of what is logged, from any bytes: the first byte chooses the option, NUL
 * bytes part the words. What is taken must print in a form that is taken again and equal; of address rules, what one
 * list permits the kernel's filter must hold, and both lists together must deny. */

#include "fuzzer.h"
#include "os/host/host.h"
#include "table/option/option.h"

#define WORDS_MOST 64

union field {
	const struct log_target *target;
	words list;
	int64_t number;
	struct rate rate;
	unsigned bits;
};

static size_t split(char *text, size_t size, const char *list[WORDS_MOST])
{
	size_t count = 0;

	for (size_t at = 0; at <= size && count < WORDS_MOST; at += strlen(text + at) + 1)
		list[count++] = text + at;
	return count;
}

/* A quoted or bare value at *at, as far as the types write them; *at is behind it then. */
static const char *read_value(const char **at, struct pool *pool)
{
	const char *text = *at, *kept;
	bool quoted = *text == '"';
	struct buf value = { 0 };

	for (text += quoted; quoted ? *text != '"' : *text && !strchr(", }", *text); text++) {
		unsigned byte = (unsigned char)*text;

		require(*text);
		if (quoted && *text == '\\') {
			byte = (unsigned char)*++text;
			if (byte == 'n' || byte == 't')
				byte = byte == 'n' ? '\n' : '\t';
			else if (byte == 'x' && sscanf(text + 1, "%2x", &byte) == 1)
				text += 2;
		}
		buf_char(&value, (char)byte);
	}
	*at = text + quoted;
	kept = pool_text(pool, buf_string(&value));
	require(kept && !value.failed);
	buf_free(&value);
	return kept;
}

static size_t read_back(const char *native, struct pool *pool, const char *list[WORDS_MOST])
{
	size_t count = 0;

	if (*native != '{') {
		list[0] = read_value(&native, pool);
		return 1;
	}
	for (native += strspn(native, "{ "); *native != '}'; native += strspn(native, ", ")) {
		require(count < WORDS_MOST);
		list[count++] = read_value(&native, pool);
	}
	return count;
}

static void check_round_trip(const struct option_def *option, const union field *field, struct pool *pool)
{
	struct buf native = { 0 }, json = { 0 };
	const char *list[WORDS_MOST];
	union field again;
	struct parse parse = { .option = option, .words = list, .pool = pool };

	type_format(option, field, &native);
	type_json(option, field, &json);
	require(json.length && !native.failed && !json.failed);
	if (option->type->is_tuple || option->type == &type_redirect)
		goto done;
	require(native.length);
	memset(&again, 0, sizeof(again));
	parse.count = read_back(buf_string(&native), pool, list);
	require(!type_parse(&parse, &again));
	require(type_equal(option, field, &again));
done:
	buf_free(&native);
	buf_free(&json);
}

static void check_rules(words list, struct pool *pool)
{
	const struct access *permits = access_compile(list, NULL, NULL, NULL, pool);
	const struct access *both = access_compile(list, list, NULL, NULL, pool);
	size_t count = 0;
	struct buf why = { 0 };
	const struct network *networks;

	if (!list)
		return;
	require(permits && both);
	networks = access_networks(permits, false, &count);
	for (size_t i = 0; i < count; i++) {
		require(access_judge(permits, networks[i].address) == ACCESS_PERMITTED);
		require(access_judge(both, networks[i].address) == ACCESS_DENIED);
		require(networks[i].bits <= 128 &&
			(!i || memcmp(networks[i - 1].address, networks[i].address, 16) < 0));
	}
	require(access_judge_name(permits, (const unsigned char[16]){ 0 }, NULL) != ACCESS_BY_NAME);
	require(socket_filter_compile(permits, AF_INET6, pool, &why) || why.length);
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const options[] = { "only_from", "access_times",   "max_load", "cps",
					       "log_type",  "log_on_success", "redirect", "builtin" };
	const struct option_def *option;
	const char *list[WORDS_MOST], *reason;
	struct pool *pool = pool_new();
	union field field;
	struct parse parse = { .pool = pool, .words = list };
	char *text;

	require(pool);
	text = malloc(size + 1);
	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	option = option_find(NATIVE, options[size ? data[0] % 8 : 0]);
	require(option);
	parse.option = option;
	parse.count = split(size ? text + 1 : text, size ? size - 1 : 0, list);
	memset(&field, 0, sizeof(field));
	reason = type_parse(&parse, &field);
	require(reason ? *reason && parse.bad < parse.count : true);
	if (!reason)
		check_round_trip(option, &field, pool);
	if (!reason && option->type == &type_addresses)
		check_rules(field.list, pool);
	pool_free(pool);
	free(text);
	return 0;
}
