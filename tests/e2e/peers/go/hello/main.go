// One TLS client of Go's standard library, as it is without settings: `hello http|tls HOST:PORT`.
package main

import (
	"crypto/tls"
	"net/http"
	"os"
)

func main() {
	if os.Args[1] == "http" {
		_, _ = http.Get("https://" + os.Args[2] + "/")
		return
	}
	_, _ = tls.Dial("tcp", os.Args[2], nil)
}
