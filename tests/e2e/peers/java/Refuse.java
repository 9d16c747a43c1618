// Connects and says no to the certificate: by a check of its own, or by a revocation list.
// Usage: java Refuse PORT VERSION CA -|CRL
import java.io.FileInputStream;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public class Refuse {
    static TrustManager[] pinning() {
        return new TrustManager[] {new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
                throw new CertificateException("not the certificate that is known");
            }

            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        }};
    }

    static TrustManager[] listing(String ca, String list) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        TrustAnchor anchor;
        try (FileInputStream in = new FileInputStream(ca)) {
            anchor = new TrustAnchor((X509Certificate) factory.generateCertificate(in), null);
        }
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(Set.of(anchor), new X509CertSelector());
        try (FileInputStream in = new FileInputStream(list)) {
            var lists = factory.generateCRLs(in);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
        }
        parameters.setRevocationEnabled(true);
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(new CertPathTrustManagerParameters(parameters));
        return managers.getTrustManagers();
    }

    public static void main(String[] args) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, args[3].equals("-") ? pinning() : listing(args[2], args[3]), null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(args[0]))) {
            socket.setEnabledProtocols(new String[] {args[1].replace("TLS", "TLSv")});
            socket.startHandshake();
            throw new IllegalStateException("it took the certificate");
        } catch (SSLException refused) {
            System.out.println(refused.getMessage());
        }
    }
}
