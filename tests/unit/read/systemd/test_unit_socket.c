/* [Socket] as superd.conf: how long a path is, and what superd says of two sockets. What each key becomes is in
 * tests/read/systemd. */
#include "unit_pairs.h"

#include "read/systemd/build.h"

static void expect_no_address(const char *key, const char *text, const char *why)
{
	struct buf out = { 0 };
	const char *wrong = unit_address(key, NULL, text, &out);

	cr_expect(wrong && strstr(wrong, why), "%s=%s: %s", key, text, wrong ? wrong : "taken");
	buf_free(&out);
}

Test(unit_socket, takes_a_path_as_long_as_the_kernel_does)
{
	struct buf longest = { 0 };
	char path[110];

	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	expect_no_address("ListenStream", path, "107");
	path[107] = '\0';
	cr_expect_null(unit_address("ListenStream", NULL, path, &longest));
	buf_free(&longest);
}

Test(unit_socket, names_the_key_that_keeps_two_wildcards_apart)
{
	expect_said(read_pair("[Socket]\nListenStream=0.0.0.0:80\nListenStream=[::]:80\n", SERVICE),
		    "BindIPv6Only=ipv6-only keeps a to IPv6");
	expect_said(read_pair("[Socket]\nListenStream=80\nListenStream=127.0.0.1:80\n", SERVICE),
		    "BindIPv6Only=ipv6-only keeps a to IPv6");
}
