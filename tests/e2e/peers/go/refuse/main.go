// Connects and says no to the certificate by a check of its own. Usage: refuse -ca FILE -max TLS1.3
// [-late] HOST:PORT; -late: after the library's own verification, else with it.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"os"
)

func main() {
	ca := flag.String("ca", "", "trusted certificates, PEM")
	max := flag.String("max", "TLS1.3", "highest version")
	late := flag.Bool("late", false, "VerifyConnection in place of VerifyPeerCertificate")
	flag.Parse()
	pem, err := os.ReadFile(*ca)
	if err != nil {
		panic(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	config.RootCAs.AppendCertsFromPEM(pem)
	config.MaxVersion = map[string]uint16{"TLS1.2": tls.VersionTLS12, "TLS1.3": tls.VersionTLS13}[*max]
	no := errors.New("not the certificate that is known")
	if *late {
		config.VerifyConnection = func(tls.ConnectionState) error { return no }
	} else {
		config.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { return no }
	}
	if _, err := tls.Dial("tcp", flag.Arg(0), config); err == nil {
		panic("it took the certificate")
	}
}
