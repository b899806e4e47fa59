/* The services, as the table in main.c lists them (struct builtin): NAME_begin begins a connection, NAME_heard reads
 * a request, NAME_told gets superd's answer, NAME_dgram replies to a datagram. */
#pragma once

#include "builtin/builtin.h"

/* RFC 862, 863, 864, 867, 868: stream.c and datagram.c. */
begin_service echo_begin, discard_begin, chargen_begin, daytime_begin, time_begin;
compose_reply echo_dgram, discard_dgram, chargen_dgram, daytime_dgram, time_dgram;

/* servers and services: a list that superd makes. tcpmux has listing_told send the names of services. */
begin_service listing_begin;
hear_superd listing_told;

/* tcpmux (RFC 1078): the client names a service in one line, and superd takes over the connection. */
begin_service tcpmux_begin;
hear_client tcpmux_heard;

/* superd's health, as an HTTP response or as a plain line. */
begin_service health_begin;
hear_client health_heard;
hear_superd health_told;
