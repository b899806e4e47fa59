# What a sleep saves: the memory that the program had when it was last idle. The status page adds it up.
suite saves_now

proc web {more} {
	superd -control {service web { listen = "127.0.0.1:0" exec = "$backend serve" timeout_stop = 1s
		$more }}
}

proc state {} { value [control "list web"] state }
proc saved {} { value [control "status web"] saves_now }

test a_service_that_is_stopped_for_idle_timeout_saves_its_memory {
	web "idle_timeout = 200ms"
	port web; expect {[saved] == 0}
	pid web; log "web: stopping pid "
	wait {[state] eq "listening"}
	expect {[saved] > 10000}
	expect {[schema_holds metrics [control "metrics web"]]}
}

test a_freeze_saves_no_memory {
	web "idle_timeout = 200ms idle_action = freeze"
	pid web
	wait {[state] eq "frozen"}
	expect {[saved] == 0}
}

test one_that_an_operator_stops_without_an_idle_timeout_saves_nothing {
	web ""
	pid web
	has [control "stop web"] {{"done":true}}
	expect {[saved] == 0}
}
