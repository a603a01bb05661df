// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Checks a folder that was deployed to for what Maven Central demands: names, description, URL, licence, developers and
 * SCM of each artifact (own or inherited), sources and javadoc jars, licences in jars, checksums that are right, and, with
 * --signed, signatures. Also that the BOM names each jar. Run: java scripts/CheckRelease.java FOLDER [--signed]
 */
final class CheckRelease {
  private static final Set<String> DEMANDED = Set.of("name", "description", "url", "licenses", "developers", "scm");

  private final List<String> problems = new ArrayList<>();
  private final Map<String, Element> poms = new HashMap<>();
  private final Set<String> jars = new TreeSet<>();
  private final Path folder;
  private final boolean signed;

  private CheckRelease(Path folder, boolean signed) {
    this.folder = folder;
    this.signed = signed;
  }

  public static void main(String[] args) throws Exception {
    if (args.length < 1 || args.length > 2 || args.length == 2 && !args[1].equals("--signed")) {
      System.err.println("usage: java scripts/CheckRelease.java FOLDER [--signed]");
      System.exit(2);
    }
    CheckRelease check = new CheckRelease(Path.of(args[0]), args.length == 2);
    System.exit(check.run() ? 0 : 1);
  }

  private boolean run() throws Exception {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.filter(Files::isRegularFile).filter(file -> !name(file).startsWith("maven-metadata")).sorted().toList();
    }
    List<Path> pomFiles = files.stream().filter(file -> name(file).endsWith(".pom")).toList();
    for (Path pom : pomFiles) {
      Element project = parse(pom);
      poms.put(text(project, "artifactId").orElseThrow(), project);
    }
    for (Path pom : pomFiles) {
      checkArtifact(pom);
    }
    for (Path file : files) {
      if (!name(file).matches(".*\\.(asc|md5|sha1|sha256|sha512)")) {
        checkBeside(file);
      }
    }
    checkBom();
    if (pomFiles.isEmpty()) {
      problems.add(folder + ": no artifacts");
    }
    problems.forEach(problem -> System.err.println("check-release: " + problem));
    System.out.println(
        "check-release: " + pomFiles.size() + " artifacts " + poms.keySet().stream().sorted().toList() + ", "
            + (problems.isEmpty() ? "all that Central demands" : problems.size() + " problems")
            + (signed ? "" : ", signatures not asked for"));
    poms.values().stream().map(pom -> version(pom)).distinct().filter(version -> version.endsWith("-SNAPSHOT"))
        .forEach(version -> System.out.println("check-release: version " + version + " is a trial; Central takes none that ends in -SNAPSHOT"));
    return problems.isEmpty();
  }

  private void checkArtifact(Path pom) throws IOException {
    Element project = poms.get(text(parse(pom), "artifactId").orElseThrow());
    String artifact = text(project, "artifactId").orElseThrow();
    for (String element : DEMANDED) {
      Optional<Element> found = element.equals("name") || element.equals("description") ? child(project, element) : inherited(project, element);
      if (found.isEmpty() || found.get().getTextContent().isBlank()) {
        problems.add(artifact + ": pom without <" + element + ">");
      }
    }
    inherited(project, "scm").ifPresent(scm -> {
      for (String part : List.of("connection", "url")) {
        if (text(scm, part).isEmpty()) {
          problems.add(artifact + ": <scm> without <" + part + ">");
        }
      }
    });
    if (text(project, "packaging").orElse("jar").equals("jar")) {
      jars.add(artifact);
      String base = name(pom).substring(0, name(pom).length() - ".pom".length());
      for (String suffix : List.of(".jar", "-sources.jar", "-javadoc.jar")) {
        Path jar = pom.resolveSibling(base + suffix);
        if (!Files.exists(jar)) {
          problems.add(artifact + ": no " + name(jar));
        } else if (!suffix.equals("-javadoc.jar")) {
          checkLicence(jar);
        }
      }
    }
  }

  private void checkLicence(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      if (file.getEntry("META-INF/LICENSE") == null) {
        problems.add(name(jar) + ": no META-INF/LICENSE");
      }
    }
  }

  /** Checksums and the signature. */
  private void checkBeside(Path file) throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    for (Map.Entry<String, String> sum : Map.of(".md5", "MD5", ".sha1", "SHA-1").entrySet()) {
      Path beside = file.resolveSibling(name(file) + sum.getKey());
      byte[] digest = MessageDigest.getInstance(sum.getValue()).digest(bytes);
      String expected = String.format("%0" + 2 * digest.length + "x", new BigInteger(1, digest));
      if (!Files.exists(beside)) {
        problems.add("no " + name(beside));
      } else if (!Files.readString(beside).strip().split("\\s")[0].equals(expected)) {
        problems.add(name(beside) + ": not the checksum of the file");
      }
    }
    if (signed && !Files.exists(file.resolveSibling(name(file) + ".asc"))) {
      problems.add("no " + name(file) + ".asc");
    }
  }

  private void checkBom() {
    Element bom = poms.get("quant-bom");
    if (bom == null) {
      problems.add("no quant-bom");
      return;
    }
    String managed = child(bom, "dependencyManagement").map(Element::getTextContent).orElse("");
    for (String jar : jars) {
      if (!managed.lines().map(String::strip).toList().contains(jar)) {
        problems.add("quant-bom: no " + jar);
      }
    }
  }

  private String version(Element pom) {
    return text(pom, "version").or(() -> child(pom, "parent").flatMap(parent -> text(parent, "version"))).orElse("");
  }

  private Optional<Element> inherited(Element project, String element) {
    return child(project, element).or(() -> child(project, "parent").flatMap(parent -> text(parent, "artifactId"))
        .map(poms::get).flatMap(parent -> inherited(parent, element)));
  }

  private static Element parse(Path pom) throws IOException {
    try {
      return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile()).getDocumentElement();
    } catch (Exception e) {
      throw new IOException(pom + ": " + e.getMessage(), e);
    }
  }

  private static Optional<Element> child(Element parent, String name) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        return Optional.of(element);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> text(Element parent, String name) {
    return child(parent, name).map(Element::getTextContent).map(String::strip).filter(text -> !text.isEmpty());
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }
}
