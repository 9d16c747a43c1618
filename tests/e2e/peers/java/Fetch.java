// Fetches one URL with java.net.http; prints one line of JSON: status, http, sha256, size.
// Usage: java Fetch URL PROXY|- CA 1.1|2 UPLOAD|-
import java.io.FileInputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Fetch {
    static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        int count = 0;
        try (FileInputStream in = new FileInputStream(file)) {
            for (Certificate cert : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca" + count++, cert);
            }
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    public static void main(String[] args) throws Exception {
        boolean h2 = args[3].equals("2");
        HttpClient.Builder builder = HttpClient.newBuilder()
            .sslContext(trusting(args[2]))
            .version(h2 ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
        if (!args[1].equals("-")) {
            URI proxy = URI.create(args[1]);
            builder.proxy(ProxySelector.of(new InetSocketAddress(proxy.getHost(), proxy.getPort())));
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(args[0]));
        if (!args[4].equals("-")) {
            request.POST(HttpRequest.BodyPublishers.ofFile(Path.of(args[4])));
        }
        HttpResponse<byte[]> got;
        try {
            got = builder.build().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (Exception error) {
            System.err.println(error);
            System.exit(1);
            return;
        }
        byte[] body = got.body();
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        String head = new String(body, 0, Math.min(512, body.length), StandardCharsets.UTF_8);
        String text = Base64.getEncoder().encodeToString(head.getBytes(StandardCharsets.UTF_8));
        System.out.printf("{\"status\":%d,\"http\":\"%s\",\"sha256\":\"%s\",\"size\":%d,\"text64\":\"%s\"}%n",
            got.statusCode(), got.version() == HttpClient.Version.HTTP_2 ? "HTTP/2.0" : "HTTP/1.1",
            hash, body.length, text);
    }
}
