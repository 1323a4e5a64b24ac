#!/bin/sh
# The application's only page. What it prints to standard error is in the container's log.
client=${REMOTE_ADDR#\[::ffff:}
echo "${client%]} \"$REQUEST_METHOD $REQUEST_URI\" 200" >&2

printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
cat <<PAGE
<!doctype html>
<html lang="en">
<title>pythonapp</title>
<h1>Hello from your Pod!</h1>
<p>You have reached the container of <b>$(hostname)</b>.</p>
<p>It has been running for $(($(date +%s) - $(stat -c %Y /proc/1))) seconds.</p>
</html>
PAGE
