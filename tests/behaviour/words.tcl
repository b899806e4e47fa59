# Words that are made of others (scenario.c).

proc repeat {times script} {
	for {set n 0} {$n < $times} {incr n} { uplevel 1 $script }
}

# A request that must be done: the whole answer.
proc done {request} {
	set answer [control $request]
	has $answer "{\"done\":true}\n"
	return $answer
}

# What superctl prints, whatever its status.
proc prints {args} { lindex [superctl {*}$args] 1 }

# The state of a service, as superctl list has it.
proc state {{service web}} { value [control "list $service"] state }
