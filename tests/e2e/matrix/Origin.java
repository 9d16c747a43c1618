// A TLS server by JSSE: java Origin KEYSTORE.p12 PROTOCOLS SUITES|- TRUST.p12|-
// Prints "listening PORT"; answers every request with 200. The key store's password is "midspan".
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

public class Origin {
    static final byte[] ANSWER =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".getBytes(StandardCharsets.US_ASCII);

    static TrustManager[] trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null);
        try (FileInputStream in = new FileInputStream(file)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(store);
        return managers.getTrustManagers();
    }

    static void serve(SSLSocket socket) {
        try (socket) {
            String seen = "";
            int got;
            while (!seen.endsWith("\r\n\r\n") && (got = socket.getInputStream().read()) >= 0) {
                seen += (char) got;
            }
            socket.getOutputStream().write(ANSWER);
        } catch (IOException error) {
            System.err.println(error); // the peer's affair
        }
    }

    public static void main(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(args[0])) {
            store.load(in, "midspan".toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, "midspan".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), args[3].equals("-") ? null : trusting(args[3]), null);
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        listener.setEnabledProtocols(args[1].split(","));
        if (!args[2].equals("-")) {
            listener.setEnabledCipherSuites(args[2].split(","));
        }
        listener.setNeedClientAuth(!args[3].equals("-"));
        System.out.println("listening " + listener.getLocalPort());
        while (true) {
            SSLSocket socket = (SSLSocket) listener.accept();
            new Thread(() -> serve(socket)).start();
        }
    }
}
