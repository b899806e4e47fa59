# A client who has said nothing yet starts nothing.
suite defer_accept

proc web {time how} {
	superd $how {service web { listen = "127.0.0.1:0" exec = "$backend talk" defer_accept = $time }}
}

test who_says_nothing_starts_nothing_until_it_speaks {
	web 1h -clock
	set client [connect web]
	repeat 3 { advance 1h }
	expect {![logged "web: started"]}
	send $client here; has [line $client] " here"
	close $client
}

test and_until_the_time_is_over {
	web 1s -control
	set client [connect web]
	log "web: started"
	close $client
}

test or_until_it_closes {
	web 1h -clock
	set client [connect web]
	repeat 3 { advance 1h }
	expect {![logged "web: started"]}
	close $client
	log "web: started"
}
