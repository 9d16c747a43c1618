// Reads one URL the plain way, with whatever proxy and trust the virtual machine was told of.
import java.net.URI;

public class Plain {
    public static void main(String[] args) throws Exception {
        try (var in = URI.create(args[0]).toURL().openStream()) {
            in.transferTo(System.out);
        }
        System.out.flush();
    }
}
