import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** A TLS client of the JDK, as it is without settings: `java Hello.java HOST PORT`. */
public final class Hello {
    public static void main(String[] words) throws Exception {
        try (SSLSocket socket =
                (SSLSocket)
                        SSLSocketFactory.getDefault()
                                .createSocket(words[0], Integer.parseInt(words[1]))) {
            socket.startHandshake();
        }
    }
}
