// The load of the benchmark: TLS connections with Go's crypto/tls, without resumption.
//
//	load handshakes ADDRESS CA COUNT PARALLEL   each: connect, handshake, one request, close
//	load bulk ADDRESS CA COUNT PARALLEL PATH    each: one request, the whole answer
//	load idle ADDRESS CA COUNT                  opens, uses once, holds until standard input ends
//
// Prints "done COUNT BYTES SECONDS", or "idle COUNT" when all are open.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type load struct {
	address string
	config  *tls.Config
}

// ask opens a connection, sends one request and reads the answer.
func (l *load) ask(path string, closes bool) (*tls.Conn, int64, error) {
	conn, err := tls.Dial("tcp", l.address, l.config)
	if err != nil {
		return nil, 0, err
	}
	header := ""
	if closes {
		header = "Connection: close\r\n"
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, header)
	response, err := http.ReadResponse(bufio.NewReaderSize(conn, 65536), nil)
	if err != nil {
		return conn, 0, err
	}
	if response.StatusCode != http.StatusOK {
		return conn, 0, fmt.Errorf("status %d", response.StatusCode)
	}
	size, err := io.Copy(io.Discard, response.Body)
	return conn, size, err
}

// run makes `count` connections, `parallel` at a time, and gives how many bytes came.
func (l *load) run(count, parallel int, path string) int64 {
	var next, bytes int64
	var group sync.WaitGroup
	for i := 0; i < parallel; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for atomic.AddInt64(&next, 1) <= int64(count) {
				conn, size, err := l.ask(path, true)
				if err != nil {
					log.Fatal(err)
				}
				atomic.AddInt64(&bytes, size)
				conn.Close()
			}
		}()
	}
	group.Wait()
	return bytes
}

func (l *load) hold(count int) {
	held := make([]*tls.Conn, 0, count)
	for i := 0; i < count; i++ {
		conn, _, err := l.ask("/small.bin", false)
		if err != nil {
			log.Fatal(err)
		}
		held = append(held, conn)
	}
	fmt.Println("idle", count)
	io.Copy(io.Discard, os.Stdin)
	for _, conn := range held {
		conn.Close()
	}
}

func number(i int) int {
	if i >= len(os.Args) {
		return 1
	}
	value, err := strconv.Atoi(os.Args[i])
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	pem, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	l := &load{os.Args[2], &tls.Config{RootCAs: pool, ServerName: "localhost"}}
	if os.Args[1] == "idle" {
		l.hold(number(4))
		return
	}
	path := "/small.bin"
	if os.Args[1] == "bulk" {
		path = os.Args[6]
	}
	began := time.Now()
	bytes := l.run(number(4), number(5), path)
	fmt.Printf("done %d %d %f\n", number(4), bytes, time.Since(began).Seconds())
}
