# superd that is to end by itself.

# superd ends with this status; what it prints, and its errors.
proc ends {code args} {
	lassign [answer {*}$args] status output errors
	expect {$status == $code} "$args: $output$errors"
	return [list $output $errors]
}
proc prints_of {args} { lindex [ends 0 {*}$args] 0 }
proc errors_of {args} { lindex [ends 1 {*}$args] 1 }
