# A service "web" whose backend does what it is told to (notifier.c), and orders to it.

proc web_table {steps options} {
	filled {service web {
 listen = "127.0.0.1:0"
 exec = "$tests/notifier $steps"
 $options
}
}
}

# Of the times of a stop that of the service alone passes.
proc clocked {steps options} { superd -clock "superd { stop_timeout = 1h }\n[web_table $steps $options]" }
set ready "'say READY=1'"

# Has it do a step, which has this answer; its pid; and has it end, and waits for that.
proc does {step answer} { is [said [ask web $step]] $answer }
proc web_pid {} { lindex [ask web "env HOME"] 0 }
proc end {status} { does "end $status" ends; log "ended: exit status $status" }
