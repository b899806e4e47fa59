/* A program that binds a socket of SCTP. */
#include <netinet/in.h>

#include "binding.h"

BehaviourOfBind(families, one_to_one_sctp)
{
	int port = free_port(), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct superd *superd;

	SKIP_WITHOUT(client >= 0, "there is no SCTP here");
	superd = bind_run(text_of("\"sctp:127.0.0.1:%d\"", port), "",
			  text_of("sctp4 bind=127.0.0.1:%d listen=5 serve=poll", port));
	superd_wait_log(superd, "web: listening on ");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	client_send(client, "who\n");
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
}
